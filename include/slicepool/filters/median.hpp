// median.hpp: the median of a rectangle around each pixel of a slice, as scipy.ndimage.median_filter computes it.
// No other footprints and no other ranks.
#pragma once

#include <array>
#include <memory>
#include <type_traits>

#include <slicepool/core/filter.hpp>
#include <slicepool/filters/boundary.hpp>

namespace slicepool::filters {

struct MedianParameters {
    std::array<int, 2> size{3, 3};  ///< pixels, along (rows axis, columns axis); 1 x 21 is a running median along rows
    Boundary mode = Boundary::reflect;
    double cval = 0.0;  ///< what lies beyond the edge in mode constant; converted to the input's type first
};

/// Replaces each pixel by element n / 2 (counted from 0) of the n = size[0] * size[1] pixels around it in ascending
/// order; one pixel more is taken to the left (above) than to the right (below) when a size is even.
///
/// input   any of the six pixel types, any strides.
/// output  float32, float64 or the input's own type; a pixel of the input, converted (from float64 to float32 rounded).
/// NaN counts as larger than every number, so it comes out only where NaNs fill half of the window (in scipy the
/// outcome is undefined). -0.0 counts as smaller than +0.0. Not in place.
/// Agrees exactly with scipy 1.17 where the input has no NaN.
class Median {
public:
    /// Throws InvalidArgument for a size below 1, a window of more than 32767 pixels, and a NaN as cval.
    explicit Median(const MedianParameters& parameters);

    /// Throws InvalidArgument when `wish` is a type the output cannot have.
    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const;
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const;

    [[nodiscard]] const MedianParameters& parameters() const noexcept { return parameters_; }

private:
    MedianParameters parameters_;
};

static_assert(SliceFilter<Median> && std::is_trivially_copyable_v<Median>);

[[nodiscard]] Median median(const MedianParameters& parameters);

}  // namespace slicepool::filters
