// worker_progress.hpp: what a worker's mailbox says of it, for progress displays.
#pragma once

#include <slicepool/core/options.hpp>
#include "ledger/slice_record.hpp"

#include <algorithm>
#include <chrono>

namespace slicepool {

/// `life`: how long the worker has had a part in the run.
[[nodiscard]] inline WorkerProgress progress_of(const WorkerMailbox& mailbox, int slot,
                                                std::chrono::duration<double> life) {
    const std::chrono::duration<double> work = std::chrono::nanoseconds(mailbox.busy_ns.load());
    return {.slot = slot,
            .done = mailbox.slices_done.load(),
            .work = work,
            .wait = std::max(life - work, std::chrono::duration<double>(0))};
}

}  // namespace slicepool
