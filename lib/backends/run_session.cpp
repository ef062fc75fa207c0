#include "backends/run_session.hpp"

#include "memory/storage.hpp"
#include "worker/work.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace slicepool {
namespace {

std::int64_t nanoseconds(std::chrono::steady_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

ControlHeader::Reach reach_of(const AnyVolume& volume) {
    const Storage& storage = *volume.storage();
    return {storage.serial(),     storage.range().data(), storage.range().size(),
            storage.descriptor(), storage.offset(),       storage.reserved_in_workers()};
}

}  // namespace

RunSession::RunSession(const ControlArea& control, const Job& job)
    : control_(control),
      job_(job),
      number_(control.header().run.load() + 1),
      start_(std::chrono::steady_clock::now()),
      ledger_(control.prepare_run(job.order.slices.count, job.order.grouping.task_count(job.order.slices.count))),
      records_(control.records(job.order.slices.count)) {
    ControlHeader& header = control.header();
    header.order = job.order;
    header.order.start_ns = nanoseconds(start_);
    header.input_reach = reach_of(job.input);
    header.output_reach = reach_of(job.output);
    if (!job.captures.empty()) {
        std::memcpy(header.captures.data(), job.captures.data(), job.captures.size());
        header.order.filter = FilterRef(header.captures.data(), job.order.filter.operations());
    }
}

void RunSession::open() const noexcept {
    control_.header().run.store(number_, std::memory_order_release);
    os::wake_all(control_.header().run);
}

void RunSession::close() const noexcept { control_.header().run.store(number_ + 1, std::memory_order_release); }

WorkPlace RunSession::place(Owner owner) const noexcept {
    return {owner, ledger_, records_, &control_.board(), &control_.mailboxes()[owner.slot], &control_.header().stop};
}

Progress RunSession::progress() const {
    Progress progress{.total = job_.order.slices.count,
                      .done = 0,
                      .failed = 0,
                      .retried = 0,
                      .elapsed = std::chrono::steady_clock::now() - start_};
    for (const WorkerMailbox& mailbox : control_.mailboxes()) {
        progress.done += mailbox.slices_done.load();
        progress.failed += mailbox.slices_failed.load();
    }
    return progress;
}

Report RunSession::report(Backend backend, const std::map<std::int64_t, std::vector<Cause>>& causes,
                          std::vector<WorkerLife> lives) const {
    Report report;
    report.backend = backend;
    report.axis = job_.order.axis;
    report.worker_count = static_cast<int>(control_.mailboxes().size());
    report.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    report.slices.reserve(records_.size());
    for (std::int64_t position = 0; position < job_.order.slices.count; ++position) {
        const SliceRecord& record = records_[static_cast<std::size_t>(position)];
        SliceOutcome outcome;
        outcome.index = job_.order.slices.index(position);
        if (const auto found = causes.find(position); found != causes.end()) outcome.causes = found->second;
        const RecordState state = record.state.load();
        const TaskState task = ledger_.entry(job_.order.grouping.task_of(position)).state;
        // A record alone is no proof: before its task was committed the pixels may be in a tile, or about to be redone.
        if (state == RecordState::done && task == TaskState::done) {
            outcome.status = SliceStatus::done;
        } else if (state == RecordState::failed) {
            outcome.status = SliceStatus::failed;
            std::string text(control_.board().read(record.message));
            if (text.empty()) text = "no text: too many failures in one run";
            outcome.causes.push_back(
                {.kind = SliceStatus::failed, .signal = 0, .exit_code = 0, .text = std::move(text)});
        } else if (!outcome.causes.empty()) {
            outcome.status = outcome.causes.back().kind;
        }
        outcome.attempts = static_cast<int>(outcome.causes.size()) + (outcome.status == SliceStatus::done ? 1 : 0);
        if (outcome.attempts > 0) {
            outcome.worker = record.worker;
            outcome.start_seconds = record.start_seconds;
            outcome.seconds = record.seconds;
        }
        report.slices.push_back(std::move(outcome));
    }
    for (WorkerLife& life : lives) {
        if (life.slice >= 0) life.slice = job_.order.slices.index(life.slice);
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
    report.copied_bytes = job_.input.copied_bytes() + job_.output.copied_bytes();
    return report;
}

}  // namespace slicepool
