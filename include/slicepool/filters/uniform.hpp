// uniform.hpp: the running mean of each slice, as scipy.ndimage.uniform_filter computes it.
// Not an exact mean of each window: like scipy's it is a running one, see below.
#pragma once

#include <array>
#include <memory>
#include <type_traits>

#include <slicepool/core/filter.hpp>
#include <slicepool/filters/boundary.hpp>

namespace slicepool::filters {

struct UniformParameters {
    std::array<int, 2> size{3, 3};  ///< pixels, along (rows axis, columns axis); 1 leaves the axis alone
    AxisBoundaries mode = Boundary::reflect;
    double cval = 0.0;  ///< what lies beyond the edge in mode constant
};

/// Replaces each pixel by the mean of size[0] x size[1] pixels around it, one more to the left (above) than to the
/// right (below) when a size is even. Rows axis first; the result of the first pass is rounded to the output's type.
///
/// Along a line the sum is kept in double and moved on by entering - leaving, in the order of scipy 1.17 (older ones
/// divided before they added). Therefore a NaN or Inf spoils the rest of its line in the direction of increasing index,
/// and rounding errors of a double may add up along a line.
///
/// input, output: as for Gaussian: any type in; float32, float64 or the same type out (truncated and saturated for
/// integers). Not in place. Agrees with scipy 1.17 bit for bit.
class Uniform {
public:
    /// Throws InvalidArgument for a size outside 1 ... 2^24 (scipy skips an axis with a size below 1 silently).
    explicit Uniform(const UniformParameters& parameters);

    /// Throws InvalidArgument when `wish` is a type the output cannot have.
    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const;
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const;

    [[nodiscard]] const UniformParameters& parameters() const noexcept { return parameters_; }

private:
    UniformParameters parameters_;
};

static_assert(SliceFilter<Uniform> && std::is_trivially_copyable_v<Uniform>);

[[nodiscard]] Uniform uniform(const UniformParameters& parameters);

}  // namespace slicepool::filters
