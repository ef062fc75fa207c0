// work.hpp: the one loop that every worker runs, thread or process: claim, compute, commit.
// It does not wait, does not know how it was started, and takes no decision on failures.
#pragma once

#include "worker/work_order.hpp"

#include "ledger/chunk_record.hpp"
#include "ledger/slice_ledger.hpp"
#include "ledger/slice_record.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace slicepool {

/// What stands between the filter and memory that others share. Implemented where processes are made.
class Shield {
public:
    Shield() = default;
    Shield(const Shield&) = delete;
    Shield& operator=(const Shield&) = delete;
    virtual ~Shield() = default;

    /// Before the filter runs: of what is guarded only `own_pages` may be written (none when empty). Throws SystemError.
    virtual void raise(const FewOf<std::span<std::byte>>& own_pages) = 0;
    /// After it has run, or thrown.
    virtual void lower() noexcept = 0;
};

/// How a worker's results of calls reach the host. Implemented where workers are made.
class Outbox {
public:
    Outbox() = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    virtual ~Outbox() = default;

    /// Sends all of it, waiting for room if need be. False when the run is over and nobody listens any more.
    virtual bool send(std::span<const std::byte> message) noexcept = 0;
};

/// What a worker of a run writes to. All of it is shared memory that the host reads.
struct WorkPlace {
    Owner owner;
    SliceLedger ledger;
    std::span<SliceRecord> records;  ///< one per position, in a run of slices
    MessageBoard* board;
    WorkerMailbox* mailbox;
    std::atomic<std::uint32_t>* stop;     ///< non-zero: claim no more
    Shield* shield = nullptr;             ///< null: none
    const ClaimWindow* window = nullptr;  ///< null: everything is offered
    std::span<const ChunkRecord> chunks;  ///< one per task, in a run of calls
    Outbox* outbox = nullptr;             ///< in a run of calls
    std::function<void()> alert = [] {};  ///< has the host look at the mailbox soon
    /// Where a placed worker looks first, from there on and round; nothing: where the ledger's tickets point.
    std::optional<std::int64_t> first_task;
};

/// What a worker does with a task, and what it keeps from task to task: its kernel and its scratch.
class Bench {
public:
    Bench() = default;
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    virtual ~Bench() = default;

    /// Does and commits the task. An exception of the user's code fails its slice or call and no other.
    virtual void do_task(const Claim& claim) noexcept = 0;
};

/// For the order's kind of run. `order` and `place` are borrowed.
[[nodiscard]] std::unique_ptr<Bench> make_bench(const WorkOrder& order, WorkPlace& place);

/// Claims and does tasks until none is waiting, `stop` is set or `keep_going` says no (asked before each claim). Throws
/// nothing. One caller per owner at a time.
void work(Bench& bench, WorkPlace& place, const std::function<bool()>& keep_going) noexcept;

/// Bytes the loop itself needs beside the filter's scratch: the tiles of a group, and rows of tables.
[[nodiscard]] std::size_t tile_bytes(const WorkOrder& order) noexcept;

}  // namespace slicepool
