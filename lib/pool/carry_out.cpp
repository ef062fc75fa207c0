#include "pool/carry_out.hpp"

#include "pool/fill_slices.hpp"

#include "memory/storage.hpp"
#include "os/mapping.hpp"

namespace slicepool {

Report carry_out(Crew& crew, const Plan& plan) {
    Report report;
    try {
        report = crew.run(plan.job);
    } catch (...) {
        // A progress callback threw, or there were no workers: no slice of this run may pass for a result.
        report.slices.resize(static_cast<std::size_t>(plan.job.order.slices.count));
        for (std::size_t position = 0; position < report.slices.size(); ++position)
            report.slices[position].index = plan.job.order.slices.index(static_cast<std::int64_t>(position));
        fill_slices(plan.job, report);
        throw;
    }
    fill_slices(plan.job, report);
    report.scratch_bytes_per_worker = plan.scratch_bytes_per_worker;
    const bool whole = plan.job.order.slices.count == plan.job.output.shape()[plan.job.order.axis] &&
                       plan.job.output.bytes() + os::page_bytes() > plan.job.output.storage()->range().size();
    if (whole && report.ok()) plan.job.output.storage()->set_populated();
    if (plan.job.options->progress && !report.interrupted) {
        Progress last{.total = static_cast<std::int64_t>(report.slices.size()),
                      .done = report.count(SliceStatus::done),
                      .failed = static_cast<std::int64_t>(report.failures().size()),
                      .retried = report.retries(),
                      .elapsed = std::chrono::duration<double>(report.wall_seconds)};
        plan.job.options->progress(last);
    }
    return report;
}

Report nothing_to_do(const Plan& plan, Backend backend) {
    Report report;
    report.backend = backend;
    report.axis = plan.job.order.axis;
    report.copied_bytes = plan.job.input.copied_bytes() + plan.job.output.copied_bytes();
    return report;
}

}  // namespace slicepool
