#include "pool/plan.hpp"

#include "pool/check_volumes.hpp"
#include "pool/deal_slices.hpp"

#include <slicepool/core/error.hpp>
#include "memory/storage.hpp"
#include "os/machine.hpp"
#include "os/mapping.hpp"
#include "worker/work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace slicepool {
namespace {

constexpr double kLongestSeconds = 1e9;  // thirty years; more would overflow the clock

SliceSelection select(const Options& options, std::int64_t slice_count) {
    if (options.slice_step < 1)
        throw InvalidArgument(fmt::format("slice step {}: steps are 1 or more", options.slice_step));
    const auto resolve = [&](std::int64_t index) {
        return std::clamp(index < 0 ? index + slice_count : index, std::int64_t{0}, slice_count);
    };
    const std::int64_t first = resolve(options.first_slice.value_or(0));
    const std::int64_t last = resolve(options.last_slice.value_or(slice_count));
    const std::int64_t count = last <= first ? 0 : 1 + (last - first - 1) / options.slice_step;
    return {first, count <= 1 ? 1 : options.slice_step, count};
}

void check_options(const Options& options) {
    if (options.max_attempts < 1)
        throw InvalidArgument(fmt::format("max_attempts {}: a slice needs at least 1", options.max_attempts));
    if (options.slice_timeout &&
        !(options.slice_timeout->count() > 0 && options.slice_timeout->count() <= kLongestSeconds))
        throw InvalidArgument(fmt::format("slice_timeout {} s: give a positive number of seconds up to 1e9, or none",
                                          options.slice_timeout->count()));
    if (options.progress_interval.count() < 1)
        throw InvalidArgument(fmt::format("progress_interval {} ms: at least 1 ms", options.progress_interval.count()));
}

void check_worker_limits(const Options& options) {
    if (options.restart_intensity &&
        (options.restart_intensity->deaths < 0 || !(options.restart_intensity->window.count() > 0 &&
                                                    options.restart_intensity->window.count() <= kLongestSeconds)))
        throw InvalidArgument(
            fmt::format("restart_intensity {} deaths in {} s: give 0 deaths or more in a positive number of seconds",
                        options.restart_intensity->deaths, options.restart_intensity->window.count()));
    if (options.stop_grace && !(options.stop_grace->count() >= 0 && options.stop_grace->count() <= kLongestSeconds))
        throw InvalidArgument(fmt::format("stop_grace {} s: give a number of seconds from 0 to 1e9, or none",
                                          options.stop_grace->count()));
    if (options.max_slices_per_worker && *options.max_slices_per_worker < 1)
        throw InvalidArgument(fmt::format("max_slices_per_worker {}: a worker does at least 1, or leave it out",
                                          *options.max_slices_per_worker));
    if (options.max_private_memory_per_worker && *options.max_private_memory_per_worker == 0)
        throw InvalidArgument("max_private_memory_per_worker 0: give a number of bytes, or leave it out");
}

void check_blocks(const Blocks& blocks, const Options& options) {
    if (blocks.size < 1) throw InvalidArgument(fmt::format("blocks of {} slices: at least 1", blocks.size));
    if (blocks.halo < 0) throw InvalidArgument(fmt::format("a halo of {} slices: 0 or more", blocks.halo));
    if (blocks.size > 1 && options.slice_step > 1)
        throw InvalidArgument(
            fmt::format("blocks of {} slices with slice step {}: the slices of a block are neighbours, so "
                        "one of the two has to be 1",
                        blocks.size, options.slice_step));
}

/// Each slice of the run is pages of its own, without gaps; those of a block follow each other.
bool is_whole_pages(const OutputMap& output, const WorkOrder& order) {
    const auto page = static_cast<std::uintptr_t>(os::page_bytes());
    const Slice first = output.pixels.slice(order.axis, order.slices.first);
    const std::int64_t row_bytes = first.shape.columns * static_cast<std::int64_t>(size_of(first.dtype));
    const std::int64_t slice_bytes = first.shape.rows * row_bytes;
    return first.has_contiguous_rows() && (first.row_stride == row_bytes || first.shape.rows <= 1) &&
           reinterpret_cast<std::uintptr_t>(first.data) % page == 0 &&
           static_cast<std::uintptr_t>(slice_bytes) % page == 0 &&
           static_cast<std::uintptr_t>(slice_pitch(output.pixels, order)) % page == 0 &&
           (!order.grouping.as_one || slice_pitch(output.pixels, order) == slice_bytes);
}

void plan_shield(WorkOrder& order, const SliceRequest& request, const Options& options) {
    order.shielded = options.guard_output.value_or(true);
    order.shielded_only_if_cheap = !options.guard_output;
    if (!order.shielded) return;
    const auto can_be_guarded = [&](std::size_t number) {
        return !order.outputs[number].tiled && is_whole_pages(order.outputs[number], order);
    };
    // Access is changed for a whole storage: a volume that needs it open opens it for the others in there.
    for (std::size_t i = 0; i < order.outputs.size(); ++i) {
        order.outputs[i].guarded = can_be_guarded(i);
        for (std::size_t other = 0; other < order.outputs.size(); ++other)
            if (request.outputs[other].volume.storage() == request.outputs[i].volume.storage())
                order.outputs[i].guarded = order.outputs[i].guarded && can_be_guarded(other);
    }
}

static_assert(kMostVolumes == FewOf<InputMap>::kMost && kMostVolumes == FewOf<OutputMap>::kMost);

/// Which pixels there are, and how a function sees them.
WorkOrder map_volumes(const SliceRequest& request, int axis) {
    WorkOrder order;
    order.axis = axis;
    for (const auto& [volume, part] : request.inputs) {
        InputMap map{.pixels = PixelMap(volume), .axis = axis};
        if (part == SliceInput::Part::image) {
            map.part = InputMap::Part::image;
            map.axis = image_axis(volume.shape(), axis);
        } else if (part == SliceInput::Part::whole) {
            map.part = InputMap::Part::whole;
        }
        order.inputs.push_back(map);
    }
    for (const auto& [volume, is_table] : request.outputs)
        order.outputs.push_back({.pixels = PixelMap(volume),
                                 .axis = is_table ? 0 : axis,
                                 .is_table = is_table,
                                 .populate = !is_table && !volume.storage()->populated()});
    return order;
}

/// What the filter promises, if it fits the output.
FilterPlan plan_filter(const WorkOrder& order, const FilterRef& filter) {
    const PixelMap& output = order.outputs[0].pixels;
    const FilterPlan plan = filter.plan(order.input_spec(), output.dtype);
    const SliceSpec given{slice_shape(output.shape, order.axis), output.dtype};
    if (!(plan.output == given))
        throw InvalidArgument(fmt::format(
            "the filter produces slices {} of {}, but the output volume has slices {} of {}",
            to_string(plan.output.shape), name_of(plan.output.dtype), to_string(given.shape), name_of(given.dtype)));
    return plan;
}

void check_fill(const SliceRequest& request, int axis, const Options& options) {
    if (options.fill.kind() != Fill::Kind::copy_input) return;
    const auto volumes =
        std::ranges::count_if(request.outputs, [](const SliceOutput& output) { return !output.is_table; });
    if (volumes != 1 || request.inputs.empty() ||
        (request.inputs[0].part != SliceInput::Part::slice &&
         request.inputs[0].part != SliceInput::Part::slice_any_shape))
        throw InvalidArgument(
            fmt::format("fill copy_input copies the slices of input 0 to the one output volume: here {}",
                        volumes == 1 ? "input 0 is not sliced" : fmt::format("are {} output volumes", volumes)));
    const SliceShape from = slice_shape(request.inputs[0].volume.shape(), axis);
    for (const SliceOutput& output : request.outputs)
        if (const SliceShape to = slice_shape(output.volume.shape(), axis); !output.is_table && !(from == to))
            throw InvalidArgument(
                fmt::format("fill copy_input needs slices of one shape; the input's are {}, the output's {}",
                            to_string(from), to_string(to)));
}

}  // namespace

Plan make_plan(const SliceRequest& request, Backend backend, const Options& options) {
    const int axis = normalise_axis(options.axis);
    check_options(options);
    check_worker_limits(options);
    if (request.blocks) check_blocks(*request.blocks, options);
    const std::int64_t slice_count = check_volumes(request, axis);

    WorkOrder order = map_volumes(request, axis);
    order.slices = select(options, slice_count);
    check_tables(request, order.slices.count);
    order.filter = request.filter;
    order.function = request.function;
    order.abort_on_failure = options.on_failure == OnFailure::abort;

    const FilterPlan filter_plan = request.function ? FilterPlan() : plan_filter(order, request.filter);
    check_fill(request, axis, options);
    deal_slices(order, request.blocks);
    if (backend == Backend::processes)
        check_overlaps(request, InPlace::refused,
                       "worker processes see the input read-only and may have to run a slice twice");
    else
        check_overlaps(request, filter_plan.in_place && !order.outputs[0].tiled ? InPlace::allowed : InPlace::refused,
                       request.function ? "a function cannot work in place" : "this filter cannot work in place here");
    order.refuse_non_finite = options.non_finite == NonFinite::fail;
    order.max_slices_per_worker = options.max_slices_per_worker.value_or(0);
    order.max_private_bytes_per_worker = options.max_private_memory_per_worker.value_or(0);
    if (order.slices.count > 0 && backend == Backend::processes) plan_shield(order, request, options);

    Plan plan;
    plan.task_count = order.grouping.task_count(order.slices.count);
    plan.scratch_bytes_per_worker = filter_plan.scratch_bytes + tile_bytes(order);
    plan.job.order = order;
    for (const SliceInput& input : request.inputs) plan.job.inputs.push_back(input.volume);
    for (const SliceOutput& output : request.outputs) plan.job.outputs.push_back(output.volume);
    plan.job.options = &options;
    return plan;
}

Plan make_call_plan(const CallRef& calls, std::int64_t count, CallSink& sink, int worker_count,
                    const Options& options) {
    check_options(options);
    check_worker_limits(options);
    if (options.chunk && *options.chunk < 1)
        throw InvalidArgument(fmt::format("chunk {}: at least 1 call, or leave it out", *options.chunk));

    Plan plan;
    Job& job = plan.job;
    job.call_count = count;
    job.sink = &sink;
    job.options = &options;
    // A worker that may do only so many calls must not have more in its hands.
    std::optional<std::int64_t> chunk = options.chunk;
    if (const auto most = options.max_slices_per_worker) chunk = std::min(chunk.value_or(*most), *most);
    job.chunks = ChunkSizes(count, worker_count, chunk);
    for (std::int64_t left = count; left > 0; left -= job.chunks.next(left)) ++plan.task_count;
    job.order.call = calls;
    job.order.chunk_count = plan.task_count;
    job.order.abort_on_failure = options.on_failure == OnFailure::abort;
    job.order.max_slices_per_worker = options.max_slices_per_worker.value_or(0);
    job.order.max_private_bytes_per_worker = options.max_private_memory_per_worker.value_or(0);
    return plan;
}

void check_scratch_fits(const Plan& plan, int worker_count) {
    const auto available = os::available_memory();
    const auto wanted = static_cast<double>(plan.scratch_bytes_per_worker) * worker_count;
    if (available && wanted > static_cast<double>(*available))
        throw SystemError(
            "allocate",
            fmt::format("scratch of {:.2f} GB for each of {} workers",
                        static_cast<double>(plan.scratch_bytes_per_worker) / 1e9, worker_count),
            std::make_error_code(std::errc::not_enough_memory),
            fmt::format("{:.2f} GB are available: use fewer workers", static_cast<double>(*available) / 1e9));
}

}  // namespace slicepool
