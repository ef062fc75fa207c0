#include "ledger/slice_ledger.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace slicepool {
namespace {

constexpr std::size_t kLineBytes = 64;

}  // namespace

std::size_t SliceLedger::bytes_for(std::int64_t task_count) noexcept {
    return kLineBytes + static_cast<std::size_t>(task_count) * sizeof(TaskWord);
}

SliceLedger SliceLedger::create(std::span<std::byte> memory, std::int64_t task_count) noexcept {
    ::new (memory.data()) Ticket(0);
    auto* words = reinterpret_cast<TaskWord*>(memory.data() + kLineBytes);
    for (std::int64_t task = 0; task < task_count; ++task) ::new (words + task) TaskWord(pack({}));
    return attach(memory, task_count);
}

SliceLedger SliceLedger::attach(std::span<std::byte> memory, std::int64_t task_count) noexcept {
    return {std::launder(reinterpret_cast<Ticket*>(memory.data())),
            std::launder(reinterpret_cast<TaskWord*>(memory.data() + kLineBytes)), task_count};
}

std::optional<Claim> SliceLedger::try_claim_task(std::int64_t task, Owner owner) noexcept {
    std::uint64_t seen = words_[task].load(std::memory_order_relaxed);
    if (unpack(seen).state != TaskState::waiting) return std::nullopt;
    const TaskEntry claimed{TaskState::claimed, unpack(seen).attempt, owner};
    // Acquire: what the supervisor did before it gave the task back must be seen by the next owner.
    if (!words_[task].compare_exchange_strong(seen, pack(claimed), std::memory_order_acq_rel,
                                              std::memory_order_relaxed))
        return std::nullopt;
    return Claim{task, claimed};
}

/// A stray write may have left any number in the window, or the ticket; the words decide.
std::pair<std::int64_t, std::int64_t> SliceLedger::bounds_of(const ClaimWindow& window) const noexcept {
    const std::int64_t end = std::clamp<std::int64_t>(window.end.load(std::memory_order_acquire), 0, task_count_);
    return {std::clamp<std::int64_t>(window.begin.load(std::memory_order_relaxed), 0, end), end};
}

std::optional<Claim> SliceLedger::try_claim(Owner owner, const ClaimWindow& window) noexcept {
    const auto [begin, end] = bounds_of(window);
    std::int64_t ticket = ticket_->load(std::memory_order_relaxed);
    // Never drawn beyond the end: a window that moves on would find those tickets spent.
    while (ticket >= 0 && ticket < end) {
        if (!ticket_->compare_exchange_weak(ticket, ticket + 1, std::memory_order_relaxed)) continue;
        if (auto claim = try_claim_task(ticket, owner)) return claim;
        ticket = ticket_->load(std::memory_order_relaxed);
    }
    return try_claim_between(begin, end, owner);
}

std::optional<Claim> SliceLedger::try_claim_from(std::int64_t first, Owner owner, const ClaimWindow& window) noexcept {
    const auto [begin, end] = bounds_of(window);
    first = std::clamp(first, begin, end);
    if (auto claim = try_claim_between(first, end, owner)) return claim;
    return try_claim_between(begin, first, owner);
}

std::optional<Claim> SliceLedger::try_claim_between(std::int64_t begin, std::int64_t end, Owner owner) noexcept {
    for (std::int64_t task = begin; task < end; ++task)
        if (auto claim = try_claim_task(task, owner)) return claim;
    return std::nullopt;
}

std::int64_t SliceLedger::first_unsettled(std::int64_t from) const noexcept {
    std::int64_t task = from;
    while (task < task_count_ && (entry(task).state == TaskState::done || entry(task).state == TaskState::failed))
        ++task;
    return task;
}

bool SliceLedger::replace(const Claim& claim, const TaskEntry& next, std::memory_order order) noexcept {
    std::uint64_t expected = pack(claim.entry);
    return words_[claim.task].compare_exchange_strong(expected, pack(next), order, std::memory_order_relaxed);
}

bool SliceLedger::commit(const Claim& claim) noexcept {
    return replace(claim, {TaskState::done, claim.entry.attempt, claim.entry.owner}, std::memory_order_release);
}

std::vector<Claim> SliceLedger::claims_of(Owner owner) const {
    std::vector<Claim> claims;
    for (std::int64_t task = 0; task < task_count_; ++task) {
        const TaskEntry held = entry(task);
        if (held.state == TaskState::claimed && held.owner == owner) claims.push_back({task, held});
    }
    return claims;
}

bool SliceLedger::give_back(const Claim& claim) noexcept {
    const auto attempt = static_cast<std::uint16_t>(std::min<int>(claim.entry.attempt + 1, kLargestAttempt));
    return replace(claim, {TaskState::waiting, attempt, {}}, std::memory_order_acq_rel);
}

bool SliceLedger::give_up(const Claim& claim) noexcept {
    return replace(claim, {TaskState::failed, claim.entry.attempt, claim.entry.owner}, std::memory_order_acq_rel);
}

bool SliceLedger::has_waiting(const ClaimWindow& window) const noexcept {
    const auto [begin, end] = bounds_of(window);
    for (std::int64_t task = begin; task < end; ++task)
        if (entry(task).state == TaskState::waiting) return true;
    return false;
}

SliceLedger::Counts SliceLedger::count() const noexcept {
    Counts counts;
    for (std::int64_t task = 0; task < task_count_; ++task) {
        switch (entry(task).state) {
            case TaskState::waiting: ++counts.waiting; break;
            case TaskState::claimed: ++counts.claimed; break;
            case TaskState::done: ++counts.done; break;
            case TaskState::failed: ++counts.failed; break;
        }
    }
    return counts;
}

}  // namespace slicepool
