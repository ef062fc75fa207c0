#include "run_request.hpp"

#include <cmath>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>
#include <slicepool/filters/registry.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/location.hpp>

#include "os/machine.hpp"

namespace slicepool::cli {
namespace {

OnFailure parse_on_failure(const std::string& name) {
    if (name == "finish") return OnFailure::finish;
    if (name == "abort") return OnFailure::abort;
    throw InvalidArgument(fmt::format("--on-failure {} is neither finish nor abort", name));
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

Options check_options(const RunRequest& request) {
    Options options;
    options.axis = normalise_axis(request.axis);
    static_cast<void>(effective_jobs(request.jobs, os::usable_cores()));
    options.n_jobs = request.jobs;
    options.backend = parse_backend(request.backend);
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
    options.on_failure = parse_on_failure(request.on_failure);
    options.fill = parse_fill(request.fill);
    return options;
}

Shape volume_shape(SliceShape slice, int axis, std::int64_t slice_count) {
    if (axis == 0) return {slice_count, slice.rows, slice.columns};
    if (axis == 1) return {slice.rows, slice_count, slice.columns};
    return {slice.rows, slice.columns, slice_count};
}

}  // namespace

CheckedRun check(const RunRequest& request) {
    const Options options = check_options(request);
    const std::optional<DType> wish = parse_wish(request.dtype);
    const AxisRange range = parse_slice_range(request.slices.empty() ? "::" : request.slices);
    const ProgressStyle progress = parse_progress_style(request.progress);
    AnyFilter filter = filters::parse_chain(request.filters);
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
    return {input,        selected, std::move(filter), volume_shape(result.shape, options.axis, shape[options.axis]),
            result.dtype, options,  progress};
}

}  // namespace slicepool::cli
