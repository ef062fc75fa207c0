// slice_book.hpp: the book of a run over slices, whose records lie in shared memory.
// Pixels are not its concern: whoever reports the run fills what was not done.
#pragma once

#include "supervision/task_book.hpp"

#include "ledger/slice_record.hpp"
#include "ledger/task_grouping.hpp"

#include <span>

namespace slicepool {

/// Items are positions in the run. A view: ledger and records must outlive it.
class SliceBook final : public TaskBook {
public:
    SliceBook(const SliceLedger& ledger, std::span<SliceRecord> records, const TaskGrouping& grouping) noexcept
        : ledger_(ledger), records_(records), grouping_(grouping) {}

    [[nodiscard]] std::int64_t item_count() const noexcept override {
        return static_cast<std::int64_t>(records_.size());
    }
    Settlement settle(const Claim& claim, std::int64_t item, const Cause& cause, bool charge,
                      int max_attempts) override;
    Settlement abandon(const Claim& claim, const Cause& cause) override;
    [[nodiscard]] bool contradicts(std::int64_t done_task) override;

private:
    [[nodiscard]] bool is_settled(std::int64_t position) const noexcept;
    [[nodiscard]] std::atomic<RecordState>& state(std::int64_t position) const noexcept {
        return records_[static_cast<std::size_t>(position)].state;
    }

    SliceLedger ledger_;
    std::span<SliceRecord> records_;
    TaskGrouping grouping_;
};

}  // namespace slicepool
