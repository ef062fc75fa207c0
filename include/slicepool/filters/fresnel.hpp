// fresnel.hpp: the Fresnel low-pass filter of X-ray tomography, on sinograms (along rows) or projections (in two
// dimensions). It is neither Paganin's filter nor a deconvolution of the detector's response.
#pragma once

#include <memory>
#include <type_traits>

#include <slicepool/core/filter.hpp>

namespace slicepool::filters {

struct FresnelParameters {
    /// Strength of the low pass, without unit; finite and >= 0. The window is 1 + ratio * u^2 with u in cycles per
    /// pixel.
    double ratio = 100.0;
    /// 1: each row by itself (a sinogram); 2: rows and columns together (a projection).
    int dim = 1;
    /// Pixels by which the edge pixels are repeated before the transform, on each side (dim 2: of both axes). It is
    /// part of the definition: the result changes with it. 0 means no padding.
    int pad = 150;
    /// Filter -log(pixel) and return exp(-result): what pixels that are transmissions want.
    bool apply_log = true;
    /// What the spectrum is divided by instead of 1 + ratio * u^2: float64, the shape of a slice, zero frequency at
    /// (rows / 2, columns / 2), any strides; `ratio` is then not used. Borrowed: it must outlive the run. Worker
    /// processes that were forked before it existed see it only when it lies in a Volume. Null data: no window.
    ConstSlice window{};
};

/// For each slice x of shape (rows, columns), after x = -log(x) if apply_log:
///   y = real(ifft(fft(edge_pad(x)) / ifftshift(edge_pad(window)))) without the padding, then exp(-y) if apply_log,
/// with window(k) = 1 + ratio * ((k - columns / 2) / columns)^2, for dim 2 plus ratio times the same of the rows.
///
/// input   any pixel type; output float32 or float64 as wished (InvalidArgument for integers), same shape.
/// Computed in float64 throughout. In place when input and output have one pixel type.
/// Pixels whose value (or logarithm) is not finite, such as 0 with apply_log, make their row (dim 2: their slice) NaN.
/// A value: trivially copyable, safe to use from many threads. A kernel keeps 300 to 900 bytes per padded column
/// (dim 1), or 8 bytes per pixel of the slice besides (dim 2); plan() has the exact figure.
/// Source: algotom.prep.filtering.fresnel_filter, Algotom 1.6; Vo et al., doi:10.1364/OE.418448.
class Fresnel {
public:
    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const;
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const;
    [[nodiscard]] const FresnelParameters& parameters() const noexcept { return parameters_; }

private:
    friend Fresnel fresnel(const FresnelParameters& parameters);
    explicit Fresnel(const FresnelParameters& parameters) : parameters_(parameters) {}
    FresnelParameters parameters_;
};
static_assert(std::is_trivially_copyable_v<Fresnel>, "a pool ships filters to its workers as bytes");

/// Throws InvalidArgument when ratio is negative or not finite, dim not 1 or 2, pad negative or above 2^20, or the
/// window not float64. The window's shape is checked by plan().
[[nodiscard]] Fresnel fresnel(const FresnelParameters& parameters);

}  // namespace slicepool::filters
