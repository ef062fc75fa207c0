#include "filters/fft.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

namespace slicepool::filters {
namespace {

// Time of a stage per element against a radix-4 stage, as measured (AMD Zen 4; small radices wait for memory).
struct RadixCost {
    int radix;
    double cost;
};
constexpr std::array kRadixCosts{RadixCost{8, 1.1},  RadixCost{4, 1.0},  RadixCost{2, 1.0},  RadixCost{3, 1.0},
                                 RadixCost{5, 1.0},  RadixCost{7, 2.4},  RadixCost{11, 3.4}, RadixCost{13, 3.8},
                                 RadixCost{17, 5.0}, RadixCost{19, 5.4}, RadixCost{23, 7.0}, RadixCost{29, 8.5},
                                 RadixCost{31, 9.0}};

bool is_direct(std::int64_t length) {
    for (const RadixCost& factor : kRadixCosts)
        while (length % factor.radix == 0) length /= factor.radix;
    return length == 1;
}

bool needs_roots(int radix) { return radix == 7 || radix > 8; }

// The radices of `length`, which is_direct, in the order their stages run.
std::vector<RadixCost> factorise(std::int64_t length) {
    std::vector<RadixCost> factors;
    for (const RadixCost& candidate : kRadixCosts)
        for (; length % candidate.radix == 0; length /= candidate.radix) factors.push_back(candidate);
    return factors;
}

std::int64_t convolution_length(std::int64_t length) { return Fft::good_length(2 * length - 1); }

// exp(-2 pi i k / n) for 0 <= k < n, correct to about half a unit in the last place.
struct UnitRoot {
    double re;
    double im;
};

UnitRoot unit_root(std::int64_t k, std::int64_t n) {
    // Folded into the first octant, where the argument of sin and cos loses no bits.
    if (2 * k > n) {
        const UnitRoot conjugate = unit_root(n - k, n);
        return {conjugate.re, -conjugate.im};
    }
    if (4 * k > n) {
        // k and n doubled, so that n/2 - k is a whole number for odd n too.
        const UnitRoot mirrored = unit_root(n - 2 * k, 2 * n);
        return {-mirrored.re, mirrored.im};
    }
    const double turn = 2.0 * std::numbers::pi / static_cast<double>(n);
    if (8 * k > n) {
        const double rest = turn * 0.25 * static_cast<double>(n - 4 * k);
        return {std::sin(rest), -std::cos(rest)};
    }
    return {std::cos(turn * static_cast<double>(k)), -std::sin(turn * static_cast<double>(k))};
}

// Room between the real and the imaginary parts, so that equal indices of the two do not meet in one cache set.
constexpr std::int64_t kGap = 5 * kFftLanes;

}  // namespace

FftBuffer::FftBuffer(std::int64_t length)
    : im_offset_(length * kFftLanes + kGap),
      block_(static_cast<double*>(::operator new[](bytes(length), std::align_val_t{64}))) {}

std::size_t FftBuffer::bytes(std::int64_t length) noexcept {
    return static_cast<std::size_t>(2 * length * kFftLanes + kGap) * sizeof(double);
}

struct Fft::Tables {
    // One after the other for every stage: first the twiddles, then the roots if it needs them.
    std::vector<double> numbers;
    std::vector<FftStage> stages;

    // Bluestein's algorithm: jk = (j^2 + k^2 - (k-j)^2) / 2 turns the transform into a convolution with a chirp, done
    // by transforms of a good length.
    std::optional<Fft> convolution;
    std::vector<double> chirp_re, chirp_im, spectrum_re, spectrum_im;

    explicit Tables(std::int64_t length) {
        if (is_direct(length))
            make_stages(length);
        else
            make_chirp(length);
    }

    void make_stages(std::int64_t length) {
        const std::vector<RadixCost> factors = factorise(length);
        numbers.reserve(bytes(length) / sizeof(double));  // the stages point into it
        std::int64_t groups = length;
        std::int64_t stride = kFftLanes;
        for (const auto& [radix, cost] : factors) {
            const std::int64_t span = groups;
            groups /= radix;
            const std::size_t twiddles = numbers.size();
            for (std::int64_t k = 0; k < groups; ++k)
                for (int r = 1; r < radix; ++r) push(unit_root(r * k, span));
            const std::size_t roots = numbers.size();
            if (needs_roots(radix))
                for (int j = 0; j < radix; ++j) push(unit_root(j, radix));
            stages.push_back({radix, groups, stride, numbers.data() + twiddles, numbers.data() + roots});
            stride *= radix;
        }
    }

    void push(UnitRoot root) {
        numbers.push_back(root.re);
        numbers.push_back(root.im);
    }

    void make_chirp(std::int64_t length) {
        convolution.emplace(convolution_length(length));
        const std::int64_t m = convolution->length();
        chirp_re.resize(length);
        chirp_im.resize(length);
        for (std::int64_t k = 0; k < length; ++k) {
            const UnitRoot root = unit_root(k * k % (2 * length), 2 * length);
            chirp_re[k] = root.re;
            chirp_im[k] = root.im;
        }
        const FftBuffer data(m), work(m);
        const SplitComplex a = data.view();
        std::fill_n(a.re, m * kFftLanes, 0.0);
        std::fill_n(a.im, m * kFftLanes, 0.0);
        for (std::int64_t k = 0; k < length; ++k)
            for (const std::int64_t at : {k, (m - k) % m}) {
                a.re[at * kFftLanes] = chirp_re[k] / static_cast<double>(m);
                a.im[at * kFftLanes] = -chirp_im[k] / static_cast<double>(m);
            }
        const SplitComplex spectrum = convolution->forward(a, work.view());
        spectrum_re.resize(m);
        spectrum_im.resize(m);
        for (std::int64_t k = 0; k < m; ++k) {
            spectrum_re[k] = spectrum.re[k * kFftLanes];
            spectrum_im[k] = spectrum.im[k * kFftLanes];
        }
    }

    SplitComplex transform(SplitComplex data, SplitComplex work) const {
        for (const FftStage& stage : stages) {
            run_fft_stage(stage, data, work);
            std::swap(data, work);
        }
        return data;
    }

    SplitComplex transform_by_chirp(std::int64_t length, SplitComplex data, SplitComplex work) const {
        const std::int64_t m = convolution->length();
        const SplitComplex first = data;
        multiply_lanes(data, chirp_re.data(), chirp_im.data(), length);
        std::fill(data.re + length * kFftLanes, data.re + m * kFftLanes, 0.0);
        std::fill(data.im + length * kFftLanes, data.im + m * kFftLanes, 0.0);
        data = convolution->forward(data, work);
        multiply_lanes(data, spectrum_re.data(), spectrum_im.data(), m);
        data = convolution->inverse(data, data.re == first.re ? work : first);
        multiply_lanes(data, chirp_re.data(), chirp_im.data(), length);
        return data;
    }
};

Fft::Fft(std::int64_t length) : length_(length), tables_(std::make_unique<const Tables>(length)) {}
Fft::~Fft() = default;
Fft::Fft(Fft&&) noexcept = default;

std::int64_t Fft::buffer_length() const noexcept {
    return tables_->convolution ? tables_->convolution->length() : length_;
}

SplitComplex Fft::forward(SplitComplex data, SplitComplex work) const {
    return tables_->convolution ? tables_->transform_by_chirp(length_, data, work) : tables_->transform(data, work);
}

SplitComplex Fft::inverse(SplitComplex data, SplitComplex work) const {
    // Exchanging the real and the imaginary part before and after conjugates the exponent.
    const SplitComplex result = forward({data.im, data.re}, {work.im, work.re});
    return {result.im, result.re};
}

std::int64_t Fft::buffer_length(std::int64_t length) { return is_direct(length) ? length : convolution_length(length); }

std::size_t Fft::bytes(std::int64_t length) {
    if (!is_direct(length)) {
        const std::int64_t m = convolution_length(length);
        return bytes(m) + static_cast<std::size_t>(2 * (length + m)) * sizeof(double);
    }
    // The stages have (radix - 1) * groups twiddles each, which sums to length - 1.
    std::int64_t numbers = 2 * (length - 1);
    for (const auto& [radix, cost] : factorise(length))
        if (needs_roots(radix)) numbers += 2 * radix;
    return static_cast<std::size_t>(numbers) * sizeof(double);
}

double Fft::cost(std::int64_t length) {
    if (!is_direct(length)) {
        const std::int64_t m = convolution_length(length);
        return 2.0 * cost(m) + 1.5 * static_cast<double>(m);
    }
    double per_element = 0.0;
    for (const RadixCost& factor : factorise(length)) per_element += factor.cost;
    // Multiples of large powers of two bring the inputs of a stage into few cache sets.
    const double slowed = length % 2048 == 0 ? 1.3 : 1.0;
    return slowed * per_element * static_cast<double>(length);
}

std::int64_t Fft::good_length(std::int64_t least) {
    const auto power = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(least)));
    std::int64_t best = power;
    double best_cost = cost(power);
    // Good lengths are dense: one within an eighth of `least` is never far from the best.
    const std::int64_t end = std::min(power, least + least / 8 + 1);
    for (std::int64_t length = least; length < end; ++length) {
        if (!is_direct(length)) continue;
        const double candidate = cost(length);
        if (candidate < best_cost) {
            best = length;
            best_cost = candidate;
        }
    }
    return best;
}

}  // namespace slicepool::filters
