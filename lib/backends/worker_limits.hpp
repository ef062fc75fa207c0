// worker_limits.hpp: when a worker process has lived long enough and makes room for a fresh one.
// It only answers; the worker loop asks.
#pragma once

#include "ledger/slice_record.hpp"
#include "worker/work_order.hpp"

#include <cstdint>

namespace slicepool {

/// One worker process's count of slices and look at its own memory. A life always does something: before its first slice
/// the answer is yes.
class WorkerLimits {
public:
    explicit WorkerLimits(const WorkerMailbox& mailbox) noexcept : mailbox_(mailbox) {}

    [[nodiscard]] bool may_go_on(const WorkOrder& order) const;
    /// At the end of a run, whose numbers the next one clears.
    void leave_run() noexcept { slices_before_ += slices_in_run(); }

private:
    [[nodiscard]] std::int64_t slices_in_run() const noexcept {
        return mailbox_.slices_done.load() + mailbox_.slices_failed.load();
    }
    const WorkerMailbox& mailbox_;
    std::int64_t slices_before_ = 0;
};

}  // namespace slicepool
