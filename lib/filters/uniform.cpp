#include <slicepool/filters/uniform.hpp>

#include <array>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "filters/output_dtype.hpp"
#include "filters/running_mean.hpp"

namespace slicepool::filters {
namespace {

constexpr std::array<std::string_view, 2> kAxisNames{"rows", "columns"};
constexpr int kMostPixels = 1 << 24;

RunningMeanTask task_of(const UniformParameters& parameters, const SliceSpec& input, DType wish) {
    return {.input = input,
            .output = wish,
            .size = {parameters.size[0], parameters.size[1]},
            .mode = parameters.mode,
            .cval = parameters.cval};
}

class UniformKernel final : public SliceKernel {
public:
    explicit UniformKernel(const RunningMeanTask& task) : task_(task), scratch_(running_mean_sizes(task)) {}

    void apply(const ConstSlice& input, const Slice& output) override {
        running_mean_slice(task_, scratch_, input, output);
    }

private:
    RunningMeanTask task_;
    RunningMeanScratch scratch_;
};

}  // namespace

Uniform::Uniform(const UniformParameters& parameters) : parameters_(parameters) {
    for (std::size_t axis = 0; axis < 2; ++axis)
        if (parameters.size[axis] < 1 || parameters.size[axis] > kMostPixels)
            throw InvalidArgument(fmt::format("uniform: size {} along {} is not a number of pixels from 1 to 2^24",
                                              parameters.size[axis], kAxisNames[axis]));
}

FilterPlan Uniform::plan(const SliceSpec& input, DType wish) const {
    check_output_dtype("uniform", input.dtype, wish);
    return {.output = {input.shape, wish},
            .scratch_bytes = sizeof(UniformKernel) + running_mean_sizes(task_of(parameters_, input, wish)).bytes(),
            .in_place = false};
}

std::unique_ptr<SliceKernel> Uniform::prepare(const SliceSpec& input, DType wish) const {
    return std::make_unique<UniformKernel>(task_of(parameters_, input, wish));
}

Uniform uniform(const UniformParameters& parameters) { return Uniform(parameters); }

}  // namespace slicepool::filters
