#include "backends/slice_session.hpp"

#include "memory/storage.hpp"
#include "worker/failure_text.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace slicepool {
namespace {

constexpr std::size_t kSlowest = 10;

ControlHeader::Reach reach_of(const AnyVolume& volume) {
    const Storage& storage = *volume.storage();
    return {storage.serial(),     storage.range().data(), storage.range().size(),
            storage.descriptor(), storage.offset(),       storage.reserved_in_workers()};
}

/// Longest first, and of equals the first; few enough to be read.
void keep_the_slowest(std::vector<ItemTime>& items) {
    const auto kept = items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), kSlowest));
    std::ranges::partial_sort(items, kept, [](const ItemTime& a, const ItemTime& b) {
        return a.seconds != b.seconds ? a.seconds > b.seconds : a.index < b.index;
    });
    items.erase(kept, items.end());
}

}  // namespace

SliceSession::SliceSession(const ControlArea& control, const Job& job)
    : RunSession(control, job),
      records_(control.records(job.order.slices.count)),
      book_(ledger(), records_, job.order.grouping) {
    for (SliceRecord& record : records_) ::new (&record) SliceRecord;
    ControlHeader& header = control.header();
    std::ranges::transform(job.inputs, header.input_reach.begin(), reach_of);
    std::ranges::transform(job.outputs, header.output_reach.begin(), reach_of);
}

WorkPlace SliceSession::place(Owner owner) const noexcept {
    return {.owner = owner,
            .ledger = ledger(),
            .records = records_,
            .board = &control().board(),
            .mailbox = &control().mailboxes()[owner.slot],
            .stop = &control().header().stop};
}

/// The slice that stands for the call this one was in: the first of a block.
std::int64_t SliceSession::call_of(std::int64_t position) const noexcept {
    const TaskGrouping& grouping = job().order.grouping;
    return grouping.as_one ? grouping.positions(grouping.task_of(position), job().order.slices.count).begin : position;
}

void SliceSession::report_items(Report& report) {
    report.slices.reserve(records_.size());
    for (std::int64_t position = 0; position < job().order.slices.count; ++position) {
        const SliceRecord& record = records_[static_cast<std::size_t>(position)];
        SliceOutcome outcome;
        outcome.index = index_of(position);
        if (const auto found = book_.causes().find(position); found != book_.causes().end())
            outcome.causes = found->second;
        const RecordState state = record.state.load();
        const TaskState task = ledger().entry(job().order.grouping.task_of(position)).state;
        // A record alone is no proof: before its task was committed the pixels may be in a tile, or about to be redone.
        if (state == RecordState::done && task == TaskState::done) {
            outcome.status = SliceStatus::done;
        } else if (state == RecordState::failed) {
            outcome.status = SliceStatus::failed;
            const FailureText failure = split_failure(control().board().read(record.message));
            std::string text(failure.text);
            if (text.empty()) text = "no text: too many failures in one run";
            outcome.causes.push_back({.kind = SliceStatus::failed,
                                      .text = std::move(text),
                                      .type = std::string(failure.type),
                                      .stderr_tail = book_.words_of(call_of(position))});
        } else if (!outcome.causes.empty()) {
            outcome.status = outcome.causes.back().kind;
        }
        outcome.attempts = static_cast<int>(outcome.causes.size()) + (outcome.status == SliceStatus::done ? 1 : 0);
        if (outcome.attempts > 0) {
            outcome.worker = record.worker;
            outcome.start_seconds = record.start_seconds;
            outcome.seconds = record.seconds;
        }
        if (outcome.status == SliceStatus::done && outcome.seconds >= 0)  // what a stray write left may be no number
            report.slowest.push_back({outcome.index, outcome.seconds});
        report.slices.push_back(std::move(outcome));
    }
    keep_the_slowest(report.slowest);
    report.copied_bytes = job().copied_bytes();
}

}  // namespace slicepool
