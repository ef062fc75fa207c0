#include "filters/fresnel_response.hpp"

#include "filters/fft.hpp"

#include <algorithm>

namespace slicepool::filters {
namespace {

// (1 / w(k) + 1 / w(-k)) / 2 of the default window, for k < columns + 2 * pad.
std::vector<double> even_response(double ratio, std::int64_t columns, std::int64_t pad) {
    const std::int64_t padded = columns + 2 * pad;
    const std::vector<double> terms = window_terms(ratio, columns, padded);
    std::vector<double> response(padded);
    for (std::int64_t k = 0; k < padded; ++k)
        response[k] = 0.5 / (1.0 + terms[k]) + 0.5 / (1.0 + terms[(padded - k) % padded]);
    return response;
}

// The transform of a real, even sequence, which is real and even.
std::vector<double> even_transform(const std::vector<double>& sequence) {
    const auto length = static_cast<std::int64_t>(sequence.size());
    const Fft fft(length);
    const FftBuffer data(fft.buffer_length()), work(fft.buffer_length());
    const SplitComplex lanes = data.view();
    std::fill_n(lanes.re, length * kFftLanes, 0.0);
    std::fill_n(lanes.im, length * kFftLanes, 0.0);
    for (std::int64_t k = 0; k < length; ++k) lanes.re[k * kFftLanes] = sequence[k];
    const SplitComplex result = fft.forward(lanes, work.view());
    std::vector<double> transform(length);
    for (std::int64_t k = 0; k < length; ++k) transform[k] = result.re[k * kFftLanes];
    return transform;
}

}  // namespace

std::int64_t window_index(std::int64_t k, std::int64_t count, std::int64_t padded) noexcept {
    const std::int64_t frequency = k < (padded + 1) / 2 ? k : k - padded;
    return std::clamp(frequency + count / 2, std::int64_t{0}, count - 1);
}

std::vector<double> window_terms(double ratio, std::int64_t count, std::int64_t padded) {
    std::vector<double> terms(padded);
    const std::int64_t centre = count / 2;  // the pixel of frequency 0
    for (std::int64_t k = 0; k < padded; ++k) {
        const double u = static_cast<double>(window_index(k, count, padded) - centre) / static_cast<double>(count);
        terms[k] = ratio * (u * u);
    }
    return terms;
}

RowMethod RowMethod::padded(double ratio, std::int64_t columns, std::int64_t pad) {
    RowMethod method{.length = columns + 2 * pad,
                     .offset = pad,
                     .edges_repeated = true,
                     .response = even_response(ratio, columns, pad),
                     .edge = {}};
    for (double& factor : method.response) factor /= static_cast<double>(method.length);
    return method;
}

RowMethod RowMethod::toeplitz(double ratio, std::int64_t columns, std::int64_t pad) {
    const std::int64_t padded = columns + 2 * pad;
    std::vector<double> kernel = even_transform(even_response(ratio, columns, pad));
    for (double& value : kernel) value /= static_cast<double>(padded);

    RowMethod method;
    method.length = Fft::good_length(2 * columns - 1);
    std::vector<double> circulant(method.length, 0.0);
    for (std::int64_t distance = 0; distance < columns; ++distance) {
        circulant[distance] = kernel[distance];
        circulant[(method.length - distance) % method.length] = kernel[distance];
    }
    method.response = even_transform(circulant);
    for (double& factor : method.response) factor /= static_cast<double>(method.length);

    // edge[x] is the sum of the kernel over distances x + 1 ... x + pad: the weight of one edge's padding in pixel x.
    method.edge.resize(columns);
    double weight = 0.0;
    for (std::int64_t distance = columns; distance < columns + pad; ++distance) weight += kernel[distance];
    for (std::int64_t x = columns - 1; x >= 0; --x) {
        method.edge[x] = weight;
        weight += kernel[x] - kernel[x + pad];
    }
    return method;
}

std::size_t RowMethod::bytes_while_made(std::int64_t columns, std::int64_t pad) {
    const std::int64_t padded = columns + 2 * pad;
    const std::int64_t longest = std::max(padded, Fft::good_length(2 * columns - 1));
    const std::int64_t vectors = 5 * longest + columns;
    // The transform of the padded length may be Bluestein's, the one of the other never is.
    const std::int64_t buffer = std::max(Fft::buffer_length(padded), longest);
    return std::max(Fft::bytes(padded), Fft::bytes(Fft::good_length(2 * columns - 1))) + 2 * FftBuffer::bytes(buffer) +
           static_cast<std::size_t>(vectors) * sizeof(double);
}

bool toeplitz_is_cheaper(std::int64_t columns, std::int64_t pad) {
    return Fft::cost(Fft::good_length(2 * columns - 1)) < Fft::cost(columns + 2 * pad);
}

}  // namespace slicepool::filters
