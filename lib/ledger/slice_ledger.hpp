// slice_ledger.hpp: who does which task, in shared memory, such that a kill at any instruction loses no task.
// No pixels, no waiting, no lock, and no opinion on retries: the supervisor decides and calls.
#pragma once

#include "ledger/task_word.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace slicepool {

/// A claim, as the worker that made it or the supervisor that found it holds it.
struct Claim {
    std::int64_t task = 0;
    TaskEntry entry;  ///< state is claimed
};

/// Which tasks are offered now; only ever a reason to look at fewer words. In shared memory, written by the supervisor.
struct ClaimWindow {
    std::atomic<std::int64_t> begin{0};                                       ///< all tasks before it are settled
    std::atomic<std::int64_t> end{std::numeric_limits<std::int64_t>::max()};  ///< from here on tasks have to wait
};

/// A view of `task_count` words in shared memory. Copy it freely; the memory must outlive it. The count comes from the
/// host, never from the shared memory.
///
///   T1 waiting(k) -> claimed(owner, k)                by a worker                        try_claim
///   T2 claimed(owner, k) -> done                      by that worker, after its last store to the output   commit
///   T3 claimed(owner, k) -> waiting(k+1) | failed     by the supervisor, only after the owner was reaped   give_back, give_up
///
/// Words are claimed in the order of a ticket counter, which is only a hint: a worker killed between drawing a ticket and
/// claiming its word costs nothing, because waiting words are searched for when the tickets run out. Completion is
/// computed from the words (see faults and proofs in docs/architecture.md). All calls are safe from any thread of any
/// process that maps the memory, except where a call says "supervisor".
class SliceLedger {
public:
    /// Bytes of shared memory for `task_count` tasks.
    [[nodiscard]] static std::size_t bytes_for(std::int64_t task_count) noexcept;

    /// Sets every word to waiting(0). `memory`: bytes_for(task_count), aligned to 64. Supervisor, before workers start.
    [[nodiscard]] static SliceLedger create(std::span<std::byte> memory, std::int64_t task_count) noexcept;
    /// The view of a ledger made by create().
    [[nodiscard]] static SliceLedger attach(std::span<std::byte> memory, std::int64_t task_count) noexcept;

    /// T1 for some waiting task of the window, or nothing when none is waiting now (one may be later: see T3).
    [[nodiscard]] std::optional<Claim> try_claim(Owner owner, const ClaimWindow& window = {}) noexcept;
    /// The same without a ticket: the first waiting task from `first` on, then from the window's begin up to it. For
    /// workers that are to begin somewhere; may be mixed with try_claim().
    [[nodiscard]] std::optional<Claim> try_claim_from(std::int64_t first, Owner owner,
                                                      const ClaimWindow& window = {}) noexcept;
    /// T2. Everything stored before is visible to whoever then sees done. False when the claim was not ours any more,
    /// which a correct supervisor never brings about.
    [[nodiscard]] bool commit(const Claim& claim) noexcept;

    /// Supervisor: what `owner` holds. Call after it was reaped.
    [[nodiscard]] std::vector<Claim> claims_of(Owner owner) const;
    /// Supervisor, T3: offers the task again. False when the word is not this claim any more.
    [[nodiscard]] bool give_back(const Claim& claim) noexcept;
    /// Supervisor, T3: closes the task for good.
    [[nodiscard]] bool give_up(const Claim& claim) noexcept;

    struct Counts {
        std::int64_t waiting = 0;
        std::int64_t claimed = 0;
        std::int64_t done = 0;
        std::int64_t failed = 0;
    };
    /// The first task from `from` on that is waiting or claimed; task_count() when there is none.
    [[nodiscard]] std::int64_t first_unsettled(std::int64_t from) const noexcept;
    /// True when a task of the window is waiting.
    [[nodiscard]] bool has_waiting(const ClaimWindow& window = {}) const noexcept;
    /// One pass over the words; a snapshot, exact when nobody works.
    [[nodiscard]] Counts count() const noexcept;
    [[nodiscard]] TaskEntry entry(std::int64_t task) const noexcept {
        return unpack(words_[task].load(std::memory_order_acquire));
    }
    [[nodiscard]] std::int64_t task_count() const noexcept { return task_count_; }

private:
    using Ticket = std::atomic<std::int64_t>;
    static_assert(Ticket::is_always_lock_free);

    SliceLedger(Ticket* ticket, TaskWord* words, std::int64_t task_count) noexcept
        : ticket_(ticket), words_(words), task_count_(task_count) {}
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> bounds_of(const ClaimWindow& window) const noexcept;
    [[nodiscard]] std::optional<Claim> try_claim_between(std::int64_t begin, std::int64_t end, Owner owner) noexcept;
    [[nodiscard]] std::optional<Claim> try_claim_task(std::int64_t task, Owner owner) noexcept;
    [[nodiscard]] bool replace(const Claim& claim, const TaskEntry& next, std::memory_order order) noexcept;

    Ticket* ticket_;   // on a cache line of its own
    TaskWord* words_;  // task_count_ of them
    std::int64_t task_count_;
};

}  // namespace slicepool
