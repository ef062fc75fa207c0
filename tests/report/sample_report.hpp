// sample_report.hpp: a report with one of everything, made up by hand.
#pragma once

#include <slicepool/core/report.hpp>
#include <slicepool/report/json.hpp>

namespace slicepool::test {

inline Report sample_report() {
    const Cause killed{.kind = SliceStatus::crashed,
                       .signal = 9,
                       .exit_code = 0,
                       .text = {},
                       .trace = {"divide() in libbad.so+0x1a", "libbad.so+0x30"},
                       .stderr_tail = "last words"};
    const Cause left{.kind = SliceStatus::crashed,
                     .signal = 0,
                     .exit_code = 3,
                     .text = "in the filter",
                     .trace = {},
                     .stderr_tail = {}};
    const Cause threw{.kind = SliceStatus::failed,
                      .signal = 0,
                      .exit_code = 0,
                      .text = "bad value in row 7",
                      .type = "std::invalid_argument",
                      .trace = {},
                      .stderr_tail = {}};
    Report report;
    report.backend = Backend::processes;
    report.axis = 1;
    report.worker_count = 2;
    report.slices = {
        {.index = 4,
         .status = SliceStatus::done,
         .attempts = 2,
         .worker = 1,
         .start_seconds = 0.5,
         .seconds = 0.25,
         .causes = {killed}},
        {.index = 6,
         .status = SliceStatus::failed,
         .attempts = 1,
         .worker = 0,
         .start_seconds = 0.0,
         .seconds = 0.125,
         .causes = {threw}},
        {.index = 8,
         .status = SliceStatus::crashed,
         .attempts = 1,
         .worker = 0,
         .start_seconds = 0.0,
         .seconds = 0.125,
         .causes = {left}},
        {.index = 10,
         .status = SliceStatus::not_run,
         .attempts = 0,
         .worker = -1,
         .start_seconds = 0.0,
         .seconds = 0.0,
         .causes = {}},
    };
    report.slowest = {{4, 0.25}};
    report.workers = {
        {.slot = 0,
         .incarnation = 1,
         .pid = 100,
         .birth_seconds = -0.5,
         .death_seconds = 0.25,
         .retired = false,
         .cause = killed,
         .slice = 4,
         .slices_done = 0,
         .busy_seconds = 0.25,
         .cpu_seconds = 0.2},
        {.slot = 1,
         .incarnation = 1,
         .pid = 0,
         .birth_seconds = 0.0,
         .death_seconds = -1.0,
         .retired = false,
         .cause = {},
         .slice = -1,
         .slices_done = 1,
         .busy_seconds = 0.5,
         .cpu_seconds = 0.4},
    };
    report.wall_seconds = 0.75;
    report.cpu_seconds = 0.6;
    report.wait_seconds = 0.75;
    report.startup_seconds = 0.01;
    report.peak_memory_bytes = 1000;
    report.copied_bytes = 20;
    report.scratch_bytes_per_worker = 300;
    report.gave_up = "workers keep dying";
    return report;
}

inline report::ReportContext sample_context() {
    report::ReportContext context;
    context.version = "1.2.3";
    context.command = {"slicepool", "run", "in.npy", "out.npy"};
    context.started_at = report::iso_time(0);
    context.input = {"in.npy", {3, 16, 5}, DType::u16};
    context.output = {"out.npy", {3, 4, 5}, DType::f32};
    context.output_written = true;
    context.filters = {"gaussian sigma=3,5"};
    context.open_seconds = 0.5;
    context.write_seconds = 0.25;
    return context;
}

}  // namespace slicepool::test
