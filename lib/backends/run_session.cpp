#include "backends/run_session.hpp"

#include "backends/call_session.hpp"
#include "backends/slice_session.hpp"

#include "supervision/worker_progress.hpp"

#include <algorithm>
#include <cstring>

namespace slicepool {
namespace {

std::int64_t nanoseconds(std::chrono::steady_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

RunSession::RunSession(const ControlArea& control, const Job& job)
    : control_(control),
      job_(job),
      number_(control.header().run.load() + 1),
      start_(std::chrono::steady_clock::now()),
      ledger_(control.prepare_run(job.order.task_count())) {
    ControlHeader& header = control.header();
    header.order = job.order;
    header.order.start_ns = nanoseconds(start_);
    if (job.captures.empty()) return;
    std::memcpy(header.captures.data(), job.captures.data(), job.captures.size());
    if (job.order.is_of_calls())
        header.order.call = CallRef(header.captures.data(), job.order.call.operations());
    else if (job.order.function)
        header.order.function = StackFunctionRef(header.captures.data(), job.order.function.code());
    else
        header.order.filter = FilterRef(header.captures.data(), job.order.filter.operations());
}

void RunSession::open() const noexcept {
    control_.header().run.store(number_, std::memory_order_release);
    os::wake_all(control_.header().run);
}

void RunSession::close() const noexcept { control_.header().run.store(number_ + 1, std::memory_order_release); }

Progress RunSession::progress() const {
    Progress progress{.total = job_.order.is_of_calls() ? job_.call_count : job_.order.slices.count,
                      .elapsed = std::chrono::steady_clock::now() - start_};
    for (const WorkerMailbox& mailbox : control_.mailboxes()) {
        progress.done += mailbox.slices_done.load();
        progress.failed += mailbox.slices_failed.load();
        const int slot = static_cast<int>(progress.workers.size());
        progress.workers.push_back(progress_of(mailbox, slot, progress.elapsed));
    }
    return progress;
}

Report RunSession::report(Backend backend, std::vector<WorkerLife> lives) {
    Report report;
    report.backend = backend;
    report.axis = job_.order.axis;
    report.worker_count = static_cast<int>(control_.mailboxes().size());
    report.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    for (WorkerLife& life : lives) {
        if (life.slice >= 0) life.slice = index_of(life.slice);
        report.cpu_seconds += life.cpu_seconds;
        report.wait_seconds -= life.busy_seconds;
    }
    report.wait_seconds += report.worker_count * report.wall_seconds;
    report.wait_seconds = std::max(0.0, report.wait_seconds);
    double first_claim = report.wall_seconds;
    for (const WorkerMailbox& mailbox : control_.mailboxes())
        if (const std::int64_t claimed = mailbox.first_claim_ns.load(); claimed != 0)
            first_claim = std::min(first_claim, 1e-9 * static_cast<double>(claimed - nanoseconds(start_)));
    report.startup_seconds = std::max(0.0, first_claim);
    report.workers = std::move(lives);
    report_items(report);
    return report;
}

std::unique_ptr<RunSession> make_session(const ControlArea& control, const Job& job) {
    if (job.order.is_of_calls()) return std::make_unique<CallSession>(control, job);
    return std::make_unique<SliceSession>(control, job);
}

}  // namespace slicepool
