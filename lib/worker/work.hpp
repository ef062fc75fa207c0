// work.hpp: the one loop that every worker runs, thread or process: claim, compute, commit.
// It does not wait, does not know how it was started, and takes no decision on failures.
#pragma once

#include "worker/work_order.hpp"

#include "ledger/slice_ledger.hpp"
#include "ledger/slice_record.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace slicepool {

/// What stands between the filter and memory that others share. Implemented where processes are made.
class Shield {
public:
    Shield() = default;
    Shield(const Shield&) = delete;
    Shield& operator=(const Shield&) = delete;
    virtual ~Shield() = default;

    /// Before the filter runs: of shared memory only `own_pages` may be written (none when empty). Throws SystemError.
    virtual void raise(std::span<std::byte> own_pages) = 0;
    /// After it has run, or thrown.
    virtual void lower() noexcept = 0;
};

/// What a worker of a run writes to. All of it is shared memory that the host reads.
struct WorkPlace {
    Owner owner;
    SliceLedger ledger;
    std::span<SliceRecord> records;  ///< one per position
    MessageBoard* board;
    WorkerMailbox* mailbox;
    std::atomic<std::uint32_t>* stop;  ///< non-zero: claim no more
    Shield* shield = nullptr;          ///< null: none
};

/// Claims and does tasks until none is waiting, `stop` is set or `keep_going` says no (asked before each claim). An
/// exception of the filter fails its slice and no other. Throws nothing. One caller per owner at a time.
void work(const WorkOrder& order, const WorkPlace& place, const std::function<bool()>& keep_going) noexcept;

/// Bytes the loop itself needs beside the filter's scratch: the tiles of a group.
[[nodiscard]] std::size_t tile_bytes(const WorkOrder& order, const SliceSpec& output) noexcept;

}  // namespace slicepool
