#include <slicepool/filters/fresnel.hpp>

#include "filters/fresnel_plane.hpp"
#include "filters/fresnel_rows.hpp"

#include <cmath>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::filters {
namespace {

constexpr int kLargestPad = 1 << 20;

class EmptyKernel final : public SliceKernel {
public:
    void apply(const ConstSlice&, const Slice&) override {}
};

}  // namespace

Fresnel fresnel(const FresnelParameters& parameters) {
    if (!std::isfinite(parameters.ratio) || parameters.ratio < 0.0)
        throw InvalidArgument(fmt::format("fresnel: ratio must be finite and at least 0, not {}", parameters.ratio));
    if (parameters.dim != 1 && parameters.dim != 2)
        throw InvalidArgument(
            fmt::format("fresnel: dim must be 1 (sinograms) or 2 (projections), not {}", parameters.dim));
    if (parameters.pad < 0 || parameters.pad > kLargestPad)
        throw InvalidArgument(fmt::format("fresnel: pad must be 0 ... {} pixels, not {}", kLargestPad, parameters.pad));
    if (parameters.window.data != nullptr && parameters.window.dtype != DType::f64)
        throw InvalidArgument(
            fmt::format("fresnel: the window must be float64, not {}", name_of(parameters.window.dtype)));
    return Fresnel(parameters);
}

FilterPlan Fresnel::plan(const SliceSpec& input, DType wish) const {
    if (!is_floating(wish))
        throw InvalidArgument(fmt::format("fresnel: the output must be float32 or float64, not {}", name_of(wish)));
    if (parameters_.window.data != nullptr && parameters_.window.shape != input.shape)
        throw InvalidArgument(fmt::format("fresnel: the window has shape {}, but slices have shape {}",
                                          to_string(parameters_.window.shape), to_string(input.shape)));
    FilterPlan plan{.output = {input.shape, wish}, .scratch_bytes = 0, .in_place = input.dtype == wish};
    if (input.shape.count() > 0)
        plan.scratch_bytes = parameters_.dim == 1 ? row_kernel_bytes(parameters_, input.shape)
                                                  : plane_kernel_bytes(parameters_, input.shape);
    return plan;
}

std::unique_ptr<SliceKernel> Fresnel::prepare(const SliceSpec& input, DType /*wish*/) const {
    if (input.shape.count() == 0) return std::make_unique<EmptyKernel>();
    return parameters_.dim == 1 ? make_row_kernel(parameters_, input.shape)
                                : make_plane_kernel(parameters_, input.shape);
}

}  // namespace slicepool::filters
