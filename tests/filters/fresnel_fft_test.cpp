// Tests of the Fourier transform behind the fresnel filter, against the sum that defines it.
#include "filters/fft.hpp"

#include <cmath>
#include <complex>
#include <numbers>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace slicepool::filters {
namespace {

using Signal = std::vector<std::complex<double>>;

std::complex<long double> term(std::complex<double> x, std::int64_t jk, std::int64_t n) {
    const long double angle =
        -2.0L * std::numbers::pi_v<long double> * static_cast<long double>(jk % n) / static_cast<long double>(n);
    return std::complex<long double>(x) * std::polar(1.0L, angle);
}

Signal slow_transform(const Signal& x) {
    const auto n = static_cast<std::int64_t>(x.size());
    Signal result;
    for (std::int64_t k = 0; k < n; ++k) {
        std::complex<long double> sum = 0;
        for (std::int64_t j = 0; j < n; ++j) sum += term(x[j], j * k, n);
        result.emplace_back(sum);
    }
    return result;
}

std::vector<Signal> random_signals(std::int64_t length, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::vector<Signal> signals(kFftLanes, Signal(length));
    for (Signal& signal : signals)
        for (auto& value : signal) value = {normal(random), normal(random)};
    return signals;
}

void put(const std::vector<Signal>& signals, SplitComplex lanes) {
    for (std::int64_t b = 0; b < kFftLanes; ++b)
        for (std::size_t k = 0; k < signals[b].size(); ++k) {
            lanes.re[k * kFftLanes + b] = signals[b][k].real();
            lanes.im[k * kFftLanes + b] = signals[b][k].imag();
        }
}

double distance(const Signal& expected, SplitComplex lanes, std::int64_t lane, double scale) {
    double worst = 0.0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
        const std::complex<double> got(lanes.re[k * kFftLanes + lane], lanes.im[k * kFftLanes + lane]);
        worst = std::max(worst, std::abs(got * scale - expected[k]));
    }
    return worst;
}

// Every length up to 70 has each radix, products of them, and primes; then each radix twice, and larger primes.
const std::vector<std::int64_t> kLengths = [] {
    std::vector<std::int64_t> lengths{121, 128, 143, 169, 210, 251, 331, 343, 348, 500, 587, 1024, 1155};
    for (std::int64_t n = 1; n <= 70; ++n) lengths.push_back(n);
    return lengths;
}();

TEST_CASE("the Fourier transform of any length equals the defining sum in every lane", "[filters][fft]") {
    for (const std::int64_t length : kLengths) {
        const auto signals = random_signals(length, static_cast<unsigned>(length));
        const Fft fft(length);
        const FftBuffer data(fft.buffer_length()), work(fft.buffer_length());
        put(signals, data.view());
        const SplitComplex result = fft.forward(data.view(), work.view());
        INFO("length " << length);
        for (const std::int64_t lane : {std::int64_t{0}, std::int64_t{3}, kFftLanes - 1})
            CHECK(distance(slow_transform(signals[lane]), result, lane, 1.0) <
                  4e-15 * std::sqrt(static_cast<double>(length)) * (1.0 + std::log2(static_cast<double>(length))));
    }
}

TEST_CASE("the inverse Fourier transform undoes the forward one but for the factor length", "[filters][fft]") {
    for (const std::int64_t length : kLengths) {
        const auto signals = random_signals(length, static_cast<unsigned>(length));
        const Fft fft(length);
        const FftBuffer data(fft.buffer_length()), work(fft.buffer_length());
        put(signals, data.view());
        const SplitComplex spectrum = fft.forward(data.view(), work.view());
        const SplitComplex other = spectrum.re == data.view().re ? work.view() : data.view();
        const SplitComplex result = fft.inverse(spectrum, other);
        INFO("length " << length);
        for (std::int64_t lane = 0; lane < kFftLanes; ++lane)
            CHECK(distance(signals[lane], result, lane, 1.0 / static_cast<double>(length)) < 2e-14);
    }
}

TEST_CASE("good lengths are long enough and need no larger buffers", "[filters][fft]") {
    for (std::int64_t least = 1; least < 3000; least += 7) {
        const std::int64_t length = Fft::good_length(least);
        CHECK(length >= least);
        CHECK(length < 2 * least);
        CHECK(Fft::buffer_length(length) == length);
    }
    CHECK(Fft::cost(Fft::good_length(4095)) < Fft::cost(2348));  // 2348 = 4 * 587: by Bluestein's algorithm
}

}  // namespace
}  // namespace slicepool::filters
