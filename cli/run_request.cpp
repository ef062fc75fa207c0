#include "run_request.hpp"

#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <slicepool/core/defaults.hpp>
#include <slicepool/core/error.hpp>
#include <slicepool/filters/registry.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/location.hpp>

#include "jobs.hpp"
#include "rehearsal.hpp"

namespace slicepool::cli {
namespace {

constexpr double kUsualGraceSeconds = 10;
constexpr double kLongestGraceSeconds = 1e9;  // thirty years

OnFailure parse_on_failure(const std::string& name) {
    if (name == "finish") return OnFailure::finish;
    if (name == "abort") return OnFailure::abort;
    throw InvalidArgument(fmt::format("--on-failure {} is neither finish nor abort", name));
}

NonFinite parse_non_finite(const std::string& name) {
    if (name == "accept") return NonFinite::accept;
    if (name == "fail") return NonFinite::fail;
    throw InvalidArgument(fmt::format("--non-finite {} is neither accept nor fail", name));
}

/// Nothing for "auto".
std::optional<bool> parse_guard(const std::string& name) {
    if (name == "auto") return std::nullopt;
    if (name == "on") return true;
    if (name == "off") return false;
    throw InvalidArgument(fmt::format("--guard {} is none of auto, on, off", name));
}

/// The pixel type to ask the filters for; nothing for "input".
std::optional<DType> parse_wish(const std::string& name) {
    if (name == "input") return std::nullopt;
    if (name == "float32") return DType::f32;
    if (name == "float64") return DType::f64;
    throw InvalidArgument(fmt::format("--dtype {} is none of float32, float64, input", name));
}

void check_files(const RunRequest& request) {
    if (io::same_file(request.input, request.output))
        throw InvalidArgument(fmt::format("input and output are the same file, '{}': give the output another name",
                                          io::parse_location(request.output).file.native()));
    if (request.report_file.empty()) return;
    for (const std::string& other : {request.input, request.output})
        if (io::same_file(request.report_file, other))
            throw InvalidArgument(
                fmt::format("--report {} is also the input or the output: give it another name", request.report_file));
}

/// How long a stopped run waits for slices under way: only a process can be ended in the middle of one. Nothing: forever.
std::optional<std::chrono::duration<double>> check_grace(const RunRequest& request, Backend backend) {
    const bool has_processes = backend == Backend::processes;
    const double forever = std::numeric_limits<double>::infinity();
    const double seconds = request.grace_seconds.value_or(has_processes ? kUsualGraceSeconds : forever);
    if (!(seconds >= 0))
        throw InvalidArgument(fmt::format("--grace {}: give a number of seconds, 0 or more, or inf", seconds));
    if (seconds > kLongestGraceSeconds) return std::nullopt;
    if (!has_processes)
        throw InvalidArgument(fmt::format(
            "--grace {} needs --backend processes: only a process can be stopped in the middle of a slice", seconds));
    return std::chrono::duration<double>(seconds);
}

/// Who asks for it shall not be left in the belief that something is pinned.
Placement check_pin(const RunRequest& request, Backend backend) {
    for (const Placement placement : {Placement::none, Placement::cores, Placement::nodes}) {
        if (request.pin != name_of(placement)) continue;
        if (placement != Placement::none && backend == Backend::serial)
            throw InvalidArgument(fmt::format(
                "--pin {} needs workers: --backend serial has none, give threads or processes", request.pin));
        return placement;
    }
    throw InvalidArgument(fmt::format("--pin {} is none of none, cores, nodes", request.pin));
}

void add_worker_limits(const RunRequest& request, Options& options) {
    options.max_slices_per_worker = request.max_slices_per_worker;
    if (request.max_slices_per_worker && *request.max_slices_per_worker < 1)
        throw InvalidArgument(
            fmt::format("--max-slices-per-worker {}: a worker does at least 1", *request.max_slices_per_worker));
    options.max_private_memory_per_worker = request.max_worker_memory;
    if (request.max_worker_memory && *request.max_worker_memory == 0)
        throw InvalidArgument("--max-worker-memory 0: give a size, such as 500M");
    if (!request.max_deaths) return;
    if (*request.max_deaths < 0)
        throw InvalidArgument(fmt::format("--max-deaths {}: give 0 or more", *request.max_deaths));
    options.restart_intensity = RestartIntensity{.deaths = *request.max_deaths};
}

Options check_options(const RunRequest& request) {
    Options options;
    options.axis = normalise_axis(request.axis);
    const Defaults defaults = current_defaults();
    options.n_jobs = request.jobs.value_or(defaults.n_jobs.value_or(-1));
    static_cast<void>(workers_for(*options.n_jobs));
    options.backend = request.backend ? parse_backend(*request.backend) : defaults.backend.value_or(Backend::processes);
    options.max_attempts = request.max_attempts;
    if (options.max_attempts < 1)
        throw InvalidArgument(fmt::format("--max-attempts {}: a slice needs at least 1", options.max_attempts));
    if (request.timeout_seconds) {
        const double seconds = *request.timeout_seconds;
        if (!(seconds > 0 && std::isfinite(seconds)))
            throw InvalidArgument(fmt::format("--timeout {}: give a positive number of seconds", seconds));
        if (options.backend != Backend::processes)
            throw InvalidArgument(
                fmt::format("--timeout {} needs --backend processes: only a process can be stopped in "
                            "the middle of a slice",
                            seconds));
        options.slice_timeout = std::chrono::duration<double>(seconds);
    }
    options.stop_grace = check_grace(request, *options.backend);
    options.on_failure = parse_on_failure(request.on_failure);
    options.fill = parse_fill(request.fill);
    options.non_finite = parse_non_finite(request.non_finite);
    options.guard_output = parse_guard(request.guard);
    options.placement = check_pin(request, *options.backend);
    add_worker_limits(request, options);
    return options;
}

Shape volume_shape(SliceShape slice, int axis, std::int64_t slice_count) {
    if (axis == 0) return {slice_count, slice.rows, slice.columns};
    if (axis == 1) return {slice.rows, slice_count, slice.columns};
    return {slice.rows, slice.columns, slice_count};
}

/// A rehearsal whose slice never comes would show a run without faults, and that would mislead.
void check_rehearsed_slices(const Rehearsal& rehearsal, const SelectedSlices& selected, std::int64_t input_depth,
                            std::int64_t count) {
    for (const std::int64_t slice : rehearsal.slices) {
        if (slice >= input_depth)
            throw InvalidArgument(
                fmt::format("--rehearse: slice {} is not in the input: give 0 to {}", slice, input_depth - 1));
        const std::int64_t offset = slice - selected.first;
        if (offset < 0 || offset % selected.step != 0 || offset / selected.step >= count)
            throw InvalidArgument(fmt::format("--rehearse: slice {} is left out by --slices", slice));
    }
}

}  // namespace

CheckedRun check(const RunRequest& request) {
    const Options options = check_options(request);
    const std::optional<DType> wish = parse_wish(request.dtype);
    const AxisRange range = parse_slice_range(request.slices.empty() ? "::" : request.slices);
    const ProgressStyle progress = parse_progress_style(request.progress);
    AnyFilter filter = filters::parse_chain(request.filters);
    std::optional<Rehearsal> rehearsal;
    if (!request.rehearsal.empty()) {
        rehearsal = parse_rehearsal(request.rehearsal);
        check_rehearsal(*rehearsal, options);
    }
    check_files(request);

    AnyVolume input = io::open_volume(request.input);
    SelectedSlices selected =
        request.slices.empty() ? SelectedSlices{input, 0, 1} : select_slices(input, options.axis, range);
    const Shape& shape = selected.volume.shape();
    const SliceSpec slice{slice_shape(shape, options.axis), input.dtype()};
    const SliceSpec result = filter.plan(slice, wish.value_or(input.dtype())).output;
    if (options.fill.kind() == Fill::Kind::copy_input && !(result.shape == slice.shape))
        throw InvalidArgument(
            fmt::format("--fill copy_input needs slices of one shape; the input's are {}, the output's {}",
                        to_string(slice.shape), to_string(result.shape)));
    if (rehearsal) {
        check_rehearsed_slices(*rehearsal, selected, input.shape()[options.axis], shape[options.axis]);
        filter = rehearsed(std::move(filter), *rehearsal,
                           [selected](std::int64_t position) { return selected.index(position); });
    }
    return {input,        selected, std::move(filter), volume_shape(result.shape, options.axis, shape[options.axis]),
            result.dtype, options,  progress};
}

}  // namespace slicepool::cli
