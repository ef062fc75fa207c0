#include <slicepool/filters/median.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "filters/median_task.hpp"
#include "filters/output_dtype.hpp"

namespace slicepool::filters {
namespace {

constexpr std::array<std::string_view, 2> kAxisNames{"rows", "columns"};
constexpr std::int64_t kMostPixels = 32767;  // counted in 16-bit lanes

MedianTask task_of(const MedianParameters& parameters, const SliceSpec& input, DType wish) {
    return {.input = input,
            .output = wish,
            .size = {parameters.size[0], parameters.size[1]},
            .mode = parameters.mode,
            .cval = parameters.cval};
}

class MedianKernel final : public SliceKernel {
public:
    explicit MedianKernel(const MedianTask& task) : task_(task), scratch_(task) {}

    void apply(const ConstSlice& input, const Slice& output) override { median_slice(task_, scratch_, input, output); }

private:
    MedianTask task_;
    MedianScratch scratch_;
};

}  // namespace

Median::Median(const MedianParameters& parameters) : parameters_(parameters) {
    for (std::size_t axis = 0; axis < 2; ++axis)
        if (parameters.size[axis] < 1)
            throw InvalidArgument(fmt::format("median: size {} along {} is not a positive number of pixels",
                                              parameters.size[axis], kAxisNames[axis]));
    if (std::int64_t{parameters.size[0]} * parameters.size[1] > kMostPixels)
        throw InvalidArgument(fmt::format("median: a window of {} x {} pixels is larger than {} pixels",
                                          parameters.size[0], parameters.size[1], kMostPixels));
    if (std::isnan(parameters.cval))
        throw InvalidArgument("median: cval nan has no place among sorted pixels; give a number");
}

FilterPlan Median::plan(const SliceSpec& input, DType wish) const {
    check_output_dtype("median", input.dtype, wish);
    return {.output = {input.shape, wish},
            .scratch_bytes = sizeof(MedianKernel) + MedianScratch::bytes(task_of(parameters_, input, wish)),
            .in_place = false};
}

std::unique_ptr<SliceKernel> Median::prepare(const SliceSpec& input, DType wish) const {
    return std::make_unique<MedianKernel>(task_of(parameters_, input, wish));
}

Median median(const MedianParameters& parameters) { return Median(parameters); }

}  // namespace slicepool::filters
