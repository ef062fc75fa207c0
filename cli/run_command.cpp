#include "run_command.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include <slicepool/io/location.hpp>
#include <slicepool/io/output.hpp>
#include <slicepool/pool/process_slices.hpp>
#include <slicepool/report/json.hpp>

#include "exit_code.hpp"
#include "interruption.hpp"
#include "os/machine.hpp"
#include "os/mapping.hpp"
#include "partial_files.hpp"
#include "report_file.hpp"
#include "run_request.hpp"
#include "run_summary.hpp"

namespace slicepool::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  slicepool run scan.npy smooth.npy --filter 'gaussian sigma=3,5'
  slicepool run scan.h5:/entry/data out.h5:/filtered --axis 1 --filter 'fresnel ratio=100' --jobs 8
  slicepool run scan.npy out.npy --filter 'median size=3' --filter 'gaussian sigma=2' --slices 10:200:2
  slicepool run scan.npy out.npy --filter 'uniform size=5' --timeout 10 --fill copy_input --report run.json
  slicepool run scan.npy out.npy --filter 'median size=3' --rehearse 'crash slices=3,7 times=2' --report run.json

Files: .npy, and HDF5 as file.h5:/path (the path may be left out when the file holds one volume).
Exit: 0 all slices done; 1 some slices not done (the output is written, with --fill in their place); 2 the request cannot
run; 130 interrupted (no output appears). Ctrl-C gives the slices under way --grace to finish; a second one leaves at once.)";

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Report run_slices(const CheckedRun& run, const AnyVolume& output, Interruption& interruption) {
    Options options = run.options;
    options.stop_token = interruption.stop_token();
    options.measure_memory = true;
    ProgressDisplay display(run.progress);
    Interruption::Run under_way(interruption, options.stop_grace.value_or(Interruption::kForever));
    const auto workers = static_cast<std::int64_t>(effective_jobs(*options.n_jobs, os::usable_cores()));
    options.progress = [&](const Progress& progress) {
        // Along the last axis a worker has begun a whole group of slices, and how many is not known here.
        if (options.axis != 2)
            under_way.note_under_way(std::min(workers, progress.total - progress.done - progress.failed));
        display.show(progress);
    };
    Report report = process_slices(run.selected.volume, output, run.filter, options);
    // The run saw a view of the input; people know its slices by their places in the file.
    for (SliceOutcome& slice : report.slices) slice.index = run.selected.index(slice.index);
    for (ItemTime& slice : report.slowest) slice.index = run.selected.index(slice.index);
    for (WorkerLife& worker : report.workers)
        if (worker.slice >= 0) worker.slice = run.selected.index(worker.slice);
    return report;
}

/// Each slice of the output is pages of its own.
bool has_slices_of_whole_pages(const AnyVolume& output, int axis) {
    if (axis != 0 || output.shape().depth == 0) return axis == 0;
    const auto page = static_cast<std::uintptr_t>(os::page_bytes());
    return reinterpret_cast<std::uintptr_t>(output.data()) % page == 0 &&
           static_cast<std::uintptr_t>(output.strides()[0]) % page == 0;
}

/// Who asks for the guard shall know where it does not reach.
void tell_what_is_unguarded(const CheckedRun& run, const AnyVolume& output) {
    if (!run.options.guard_output.value_or(false)) return;
    if (run.options.backend != Backend::processes)
        fmt::print(stderr, "slicepool: --guard on guards nothing on {}: only processes can be guarded\n",
                   name_of(*run.options.backend));
    else if (!has_slices_of_whole_pages(output, run.options.axis))
        fmt::print(
            stderr,
            "slicepool: --guard on guards the run's records only: the output's slices along axis {} are not whole "
            "pages of {} bytes\n",
            run.options.axis, os::page_bytes());
}

void print_result(const RunRequest& request, const CheckedRun& run, const Report& report) {
    if (!report.ok()) {
        fmt::print(stderr, "{}", missing_text(report));
        if (!report.gave_up.empty()) fmt::print(stderr, "the run was given up: {}\n", report.gave_up);
    }
    fmt::print(stderr, "{}; output {} {} {}\n", speed_text(report, run.selected.volume.bytes()), request.output,
               name_of(run.output_dtype), to_string(run.output_shape));
    if (const std::string deaths = deaths_text(report); !deaths.empty()) fmt::print(stderr, "{}\n", deaths);
}

/// The run is over by now, and its output is what it is: a report that finds no room changes neither.
bool has_written(ReportFile& file, const std::string& text) {
    try {
        file.write(text);
        return true;
    } catch (const Error& error) {
        fmt::print(stderr, "slicepool: error: the report was not written: {}\n", error.what());
        return false;
    }
}

int run(const RunRequest& request) {
    Interruption interruption;
    report::ReportContext context{.version = SLICEPOOL_VERSION,
                                  .command = request.command,
                                  .started_at = report::iso_time(std::time(nullptr)),
                                  .filters = request.filters};
    const auto start = Clock::now();
    const CheckedRun run = check(request);
    std::optional<ReportFile> report_file;
    if (!request.report_file.empty()) {
        interruption.before_leaving([path = request.report_file] { remove_partial_files(path); });
        report_file.emplace(request.report_file);
    }
    interruption.before_leaving([path = io::parse_location(request.output).file] { remove_partial_files(path); });
    std::optional<io::OutputFile> output(io::OutputFile::create(request.output, run.output_dtype, run.output_shape));
    context.input = {request.input, run.input.shape(), run.input.dtype()};
    context.output = {request.output, run.output_shape, run.output_dtype};
    context.open_seconds = seconds_since(start);

    tell_what_is_unguarded(run, output->volume());
    const Report report = run_slices(run, output->volume(), interruption);
    const bool interrupted = report.interrupted || interruption.requested();
    if (!interrupted) {
        const auto write_start = Clock::now();
        output->commit();
        context.write_seconds = seconds_since(write_start);
        context.output_written = true;
    }
    output.reset();
    const bool told = !report_file || has_written(*report_file, to_json(report, context));
    if (interrupted) {
        fmt::print(stderr, "slicepool: interrupted after {} of {} slices; '{}' was not written\n",
                   report.count(SliceStatus::done), report.slices.size(), request.output);
        return kInterrupted;
    }
    print_result(request, run, report);
    return report.ok() && told ? kAllDone : kSomeSlicesNotDone;
}

void add_worker_options(CLI::App& command, RunRequest& request) {
    const std::string group = "Worker processes";
    command.add_option("--max-slices-per-worker", request.max_slices_per_worker, "then a fresh worker takes its place")
        ->type_name("N")
        ->group(group);
    command
        .add_option("--max-worker-memory", request.max_worker_memory,
                    "a worker that keeps more to itself after a slice is replaced by a fresh one; 500M, 2G")
        ->transform(CLI::AsSizeValue(true))
        ->type_name("SIZE")
        ->group(group);
    command
        .add_option("--max-deaths", request.max_deaths,
                    "give up when more workers die within 5 s and no slice is completed (default 10, or 2 per worker)")
        ->type_name("N")
        ->group(group);
    command
        .add_option("--guard", request.guard,
                    "on: a filter can write nothing shared but its own slice; off; auto: on where it costs under 1 %")
        ->capture_default_str()
        ->type_name("NAME")
        ->group(group);
    command
        .add_option("--rehearse", request.rehearsal,
                    "make slices fail on purpose, to see what becomes of the run: 'crash slices=3,7 times=1', or "
                    "abort, exit, hang, throw")
        ->type_name("FAULT")
        ->group(group);
}

}  // namespace

void add_run_command(CLI::App& app, const std::vector<std::string>& words, std::function<int()>& chosen) {
    const auto request = std::make_shared<RunRequest>();
    request->command = words;
    CLI::App* const command = app.add_subcommand("run", "Filter the slices of a volume in a file, into a new file");
    command->add_option("INPUT", request->input, "the volume: file.npy or file.h5:/path")->required();
    command->add_option("OUTPUT", request->output, "the new file: .npy, replaced if it exists, or HDF5")->required();
    command
        ->add_option("-f,--filter", request->filters,
                     "name and parameters in one word of the shell, 'gaussian sigma=3,5'; again for a chain")
        ->required()
        ->allow_extra_args(false)
        ->type_name("SPEC");
    command->add_option("--axis", request->axis, "slices are taken along this axis: 0, 1, 2, or -1 for the last")
        ->capture_default_str()
        ->type_name("N");
    command->add_option("--backend", request->backend, "serial, threads or processes")
        ->default_str("processes, or SLICEPOOL_BACKEND")
        ->type_name("NAME");
    command->add_option("-j,--jobs", request->jobs, "workers; -1 all usable cores, -2 all but one")
        ->default_str("-1, or SLICEPOOL_N_JOBS")
        ->type_name("N");
    command
        ->add_option("--pin", request->pin,
                     "none, or tie workers to cores, or to (memory) nodes, each with a run of slices of its own")
        ->capture_default_str()
        ->type_name("NAME");
    command->add_option("--slices", request->slices, "start:stop:step as in NumPy; the output holds just those slices")
        ->type_name("RANGE");
    command->add_option("--dtype", request->dtype, "pixels to ask the filter for: float32, float64 or input")
        ->capture_default_str()
        ->type_name("NAME");
    command->add_option("--max-attempts", request->max_attempts, "tries a slice has when its worker dies")
        ->capture_default_str()
        ->type_name("N");
    command
        ->add_option("--timeout", request->timeout_seconds, "kill a worker that spends longer on one slice (processes)")
        ->type_name("SECONDS");
    command
        ->add_option("--grace", request->grace_seconds,
                     "after Ctrl-C: how long slices under way may take to finish; inf: as long as they like "
                     "(default 10 on processes)")
        ->type_name("SECONDS");
    command->add_option("--on-failure", request->on_failure, "finish the other slices, or abort at the first failure")
        ->capture_default_str()
        ->type_name("NAME");
    command->add_option("--fill", request->fill, "for slices not done: nan, zero, copy_input or a number")
        ->capture_default_str()
        ->type_name("VALUE");
    command->add_option("--non-finite", request->non_finite, "accept NaN and infinity in an output slice, or fail it")
        ->capture_default_str()
        ->type_name("NAME");
    add_worker_options(*command, *request);
    command->add_option("--report", request->report_file, "write what happened to each slice and worker, as JSON")
        ->type_name("FILE");
    command->add_option("--progress", request->progress, "auto, bar, plain, json or none; on standard error")
        ->capture_default_str()
        ->type_name("STYLE");
    command->footer(kExamples);
    command->callback([request, &chosen] { chosen = [request] { return run(*request); }; });
}

}  // namespace slicepool::cli
