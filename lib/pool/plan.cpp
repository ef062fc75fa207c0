#include "pool/plan.hpp"

#include <slicepool/core/error.hpp>
#include "memory/storage.hpp"
#include "os/machine.hpp"
#include "os/mapping.hpp"
#include "worker/work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace slicepool {
namespace {

constexpr std::int64_t kLineBytes = 64;
constexpr double kLongestSeconds = 1e9;  // thirty years; more would overflow the clock
constexpr std::size_t kLargestTiles = std::size_t{512} << 20;

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

void check_volumes(const AnyVolume& input, const AnyVolume& output, int axis) {
    if (!input || !output)
        throw InvalidArgument(
            fmt::format("the {} volume is empty-handed: create, adopt or open one first", input ? "output" : "input"));
    if (!output.writable()) throw InvalidArgument("the output volume is a file opened for reading only");
    if (input.shape()[axis] != output.shape()[axis])
        throw InvalidArgument(fmt::format("input {} and output {} differ in their number of slices along axis {}",
                                          to_string(input.shape()), to_string(output.shape()), axis));
}

bool same_pixels(const AnyVolume& a, const AnyVolume& b) {
    return a.data() == b.data() && a.dtype() == b.dtype() && a.shape() == b.shape() && a.strides() == b.strides();
}

/// Bytes from one slice of the run to the next.
std::int64_t pitch(const AnyVolume& volume, const WorkOrder& order) {
    return volume.strides()[static_cast<std::size_t>(order.axis)] * order.slices.step;
}

/// Each slice of the run is pages of its own, without gaps.
bool is_whole_pages(const AnyVolume& output, const WorkOrder& order) {
    const auto page = static_cast<std::uintptr_t>(os::page_bytes());
    const Slice first = output.slice(order.axis, order.slices.first);
    const std::int64_t row_bytes = first.shape.columns * static_cast<std::int64_t>(size_of(first.dtype));
    return first.has_contiguous_rows() && (first.row_stride == row_bytes || first.shape.rows <= 1) &&
           reinterpret_cast<std::uintptr_t>(first.data) % page == 0 &&
           static_cast<std::uintptr_t>(first.shape.rows * row_bytes) % page == 0 &&
           static_cast<std::uintptr_t>(pitch(output, order)) % page == 0;
}

void plan_shield(WorkOrder& order, const AnyVolume& output, const Options& options) {
    order.shielded = options.guard_output.value_or(true);
    order.shielded_only_if_cheap = !options.guard_output;
    order.guard_output = order.shielded && !order.tiled() && is_whole_pages(output, order);
}

/// Slices closer than a cache line are dealt out in groups that start and end on a line, as far as the rows allow: where
/// the distance between rows is no multiple of a line, groups of different workers still meet at their edges.
TaskGrouping grouping_for(const AnyVolume& input, const AnyVolume& output, const WorkOrder& order,
                          const SliceSpec& output_spec) {
    const std::int64_t output_pitch = pitch(output, order);
    const std::int64_t closest = std::min(output_pitch, pitch(input, order));
    if (order.slices.count < 2 || closest <= 0 || closest >= kLineBytes) return {};
    WorkOrder tiled = order;
    tiled.grouping.group = kLineBytes / closest;
    while (tiled.grouping.group > 1 && tile_bytes(tiled, output_spec) > kLargestTiles) tiled.grouping.group /= 2;
    const std::int64_t group = tiled.grouping.group;
    const auto start = reinterpret_cast<std::uintptr_t>(
        output.data() + order.slices.first * output.strides()[static_cast<std::size_t>(order.axis)]);
    const auto past_line = static_cast<std::int64_t>(start % static_cast<std::uintptr_t>(kLineBytes));
    const std::int64_t head = past_line == 0 ? 0 : (kLineBytes - past_line) / std::max<std::int64_t>(output_pitch, 1);
    return {group, head % group};
}

}  // namespace

Plan make_plan(const AnyVolume& input, const AnyVolume& output, const FilterRef& filter, Backend backend,
               const Options& options) {
    const int axis = normalise_axis(options.axis);
    check_options(options);
    check_worker_limits(options);
    check_volumes(input, output, axis);

    WorkOrder order;
    order.input = PixelMap(input);
    order.output = PixelMap(output);
    order.axis = axis;
    order.slices = select(options, input.shape()[axis]);
    order.filter = filter;
    order.abort_on_failure = options.on_failure == OnFailure::abort;

    const FilterPlan filter_plan = filter.plan(order.input_spec(), output.dtype());
    const SliceSpec expected = filter_plan.output;
    const SliceSpec given{slice_shape(output.shape(), axis), output.dtype()};
    if (!(expected == given))
        throw InvalidArgument(fmt::format(
            "the filter produces slices {} of {}, but the output volume has slices {} of {}", to_string(expected.shape),
            name_of(expected.dtype), to_string(given.shape), name_of(given.dtype)));
    if (options.fill.kind() == Fill::Kind::copy_input && !(order.input_spec().shape == given.shape))
        throw InvalidArgument(
            fmt::format("fill copy_input needs slices of one shape; the input's are {}, the output's {}",
                        to_string(order.input_spec().shape), to_string(given.shape)));

    order.grouping = grouping_for(input, output, order, given);
    if (overlap(input, output)) {
        if (backend == Backend::processes)
            throw InvalidArgument(
                "input and output share pixels: worker processes see the input read-only and may have to run a slice "
                "twice; give an output volume of its own");
        if (!same_pixels(input, output) || !filter_plan.in_place || order.tiled())
            throw InvalidArgument(
                "input and output share pixels: this filter cannot work in place here; give an output "
                "volume of its own");
    }
    order.populate_output = !output.storage()->populated();
    order.refuse_non_finite = options.non_finite == NonFinite::fail;
    order.max_slices_per_worker = options.max_slices_per_worker.value_or(0);
    order.max_private_bytes_per_worker = options.max_private_memory_per_worker.value_or(0);
    if (order.slices.count > 0 && backend == Backend::processes) plan_shield(order, output, options);

    Plan plan;
    plan.task_count = order.grouping.task_count(order.slices.count);
    plan.scratch_bytes_per_worker = filter_plan.scratch_bytes + tile_bytes(order, given);
    plan.job = {.order = order, .input = input, .output = output, .options = &options};
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
