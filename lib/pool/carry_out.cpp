#include "pool/carry_out.hpp"

#include "pool/fill_slices.hpp"

#include "memory/storage.hpp"
#include "os/mapping.hpp"

namespace slicepool {

namespace {

/// No slice of a run that did not come to its end may pass for a result.
void fill_all(const Plan& plan) {
    Report nothing_done;
    nothing_done.slices.resize(static_cast<std::size_t>(plan.job.order.slices.count));
    for (std::size_t position = 0; position < nothing_done.slices.size(); ++position)
        nothing_done.slices[position].index = plan.job.order.slices.index(static_cast<std::int64_t>(position));
    fill_slices(plan.job, nothing_done);
}

void finish_volumes(const Plan& plan, Report& report) {
    fill_slices(plan.job, report);
    report.scratch_bytes_per_worker = plan.scratch_bytes_per_worker;
    if (!report.ok()) return;
    for (std::size_t i = 0; i < plan.job.outputs.size(); ++i) {
        const AnyVolume& output = plan.job.outputs[i];
        const bool whole = !plan.job.order.outputs[i].is_table &&
                           plan.job.order.slices.count == output.shape()[plan.job.order.axis] &&
                           output.bytes() + os::page_bytes() > output.storage()->range().size();
        if (whole) output.storage()->set_populated();
    }
}

}  // namespace

Report carry_out(Crew& crew, const Plan& plan) {
    const bool has_pixels = !plan.job.order.is_of_calls();
    Report report;
    try {
        report = crew.run(plan.job);
    } catch (...) {
        // A progress callback threw, or there were no workers.
        if (has_pixels) fill_all(plan);
        throw;
    }
    if (has_pixels) finish_volumes(plan, report);
    if (plan.job.options->progress && !report.interrupted) {
        const std::int64_t done = report.count(SliceStatus::done);
        plan.job.options->progress({.total = report.total(),
                                    .done = done,
                                    .failed = report.total() - done - report.count(SliceStatus::not_run),
                                    .retried = report.retries(),
                                    .elapsed = std::chrono::duration<double>(report.wall_seconds)});
    }
    return report;
}

Report nothing_to_do(const Plan& plan, Backend backend) {
    Report report;
    report.backend = backend;
    report.axis = plan.job.order.axis;
    if (plan.job.order.is_of_calls())
        report.item = "call";
    else
        report.copied_bytes = plan.job.copied_bytes();
    return report;
}

}  // namespace slicepool
