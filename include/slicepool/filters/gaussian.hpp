// gaussian.hpp: Gaussian smoothing of each slice, as scipy.ndimage.gaussian_filter (order 0) computes it.
// No derivatives, and no recursive or Fourier approximation: the kernel is the truncated, sampled one.
#pragma once

#include <array>
#include <memory>
#include <type_traits>

#include <slicepool/core/filter.hpp>
#include <slicepool/filters/boundary.hpp>

namespace slicepool::filters {

/// Pairs are (along the row axis, i.e. vertical; along the column axis, i.e. horizontal).
struct GaussianParameters {
    std::array<double, 2> sigma{1.0, 1.0};  ///< standard deviations in pixels; up to 1e-15 leaves the axis alone
    AxisBoundaries mode = Boundary::reflect;
    double cval = 0.0;                  ///< what lies beyond the edge in mode constant
    double truncate = 4.0;              ///< the kernel ends at this many sigmas: radius = floor(truncate * sigma + 0.5)
    std::array<int, 2> radius{-1, -1};  ///< pixels; -1: from sigma and truncate
};

/// Smooths along the rows axis first, then along the columns axis, accumulating in double. The result of the first pass
/// is rounded to the output's pixel type before the second, as scipy does.
///
/// input   any of the six pixel types, any strides (fastest where the pixels of a row are neighbours).
/// output  float32, float64 or the input's own type. Integers are truncated toward zero after each pass like
///         scipy's C cast (so a flat area of 1000 may become 999: ask for float32 unless that is what you want); values
///         out of range, which only `cval` can cause, are saturated and NaN becomes 0, where C leaves it undefined.
/// NaN and Inf spread to every pixel whose window holds one. Subnormal numbers are honoured.
/// Not in place: a pixel is needed long after its own result is known.
///
/// Agrees with scipy 1.17 to one float32 ulp for float32 output, and nearly always to the bit: none of 5 x 10^7 random
/// pixels differed (fused multiply-adds are used where the machine has them). For other types, and from int32, the
/// operations and their order are scipy's on x86-64, so the bits are too unless exp() differs between the C library and
/// NumPy: by a last bit of a weight, which shows in one float32 ulp of a pixel at most, or, from int32 to float32 along an
/// axis of one pixel, where sums lie half-way between two floats, in an ulp of the largest pixel that the window held.
/// The same machine always gives the same bits. Safe to copy as bytes to another process.
class Gaussian {
public:
    /// Throws InvalidArgument for a sigma that is negative (scipy skips such an axis silently), infinite or NaN, a
    /// truncate that is not positive and finite, a radius below -1, and a kernel of more than 2^24 taps.
    explicit Gaussian(const GaussianParameters& parameters);

    /// Throws InvalidArgument when `wish` is a type the output cannot have.
    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const;
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const;

    [[nodiscard]] const GaussianParameters& parameters() const noexcept { return parameters_; }

private:
    GaussianParameters parameters_;
};

static_assert(SliceFilter<Gaussian> && std::is_trivially_copyable_v<Gaussian>);

[[nodiscard]] Gaussian gaussian(const GaussianParameters& parameters);

}  // namespace slicepool::filters
