// task_word.hpp: the one 64-bit word that says how far a task is and who has it.
// The transitions between words are slice_ledger.hpp's.
#pragma once

#include <atomic>
#include <cstdint>

namespace slicepool {

enum class TaskState : std::uint8_t { waiting, claimed, done, failed };

/// A worker: the slot it sits in and which of the slot's successive occupants it is. No two workers of one pool are equal.
struct Owner {
    std::uint16_t slot = 0;
    std::uint32_t incarnation = 0;
    friend constexpr bool operator==(const Owner&, const Owner&) = default;
};

/// What a word says.
struct TaskEntry {
    TaskState state = TaskState::waiting;
    std::uint16_t attempt = 0;  ///< how often the task was taken away from a dead worker
    Owner owner;                ///< meaningful while claimed; kept when done
    friend constexpr bool operator==(const TaskEntry&, const TaskEntry&) = default;
};

// | incarnation 32 | slot 16 | attempt 14 | state 2 |, changed only by compare-exchange: a process killed at any
// instruction leaves either the old or the new word.
using TaskWord = std::atomic<std::uint64_t>;
static_assert(TaskWord::is_always_lock_free && sizeof(TaskWord) == 8, "shared between processes");

inline constexpr std::uint16_t kLargestAttempt = (1U << 14) - 1;

[[nodiscard]] constexpr std::uint64_t pack(const TaskEntry& entry) noexcept {
    return static_cast<std::uint64_t>(entry.owner.incarnation) << 32 |
           static_cast<std::uint64_t>(entry.owner.slot) << 16 |
           static_cast<std::uint64_t>(entry.attempt & kLargestAttempt) << 2 | static_cast<std::uint64_t>(entry.state);
}

[[nodiscard]] constexpr TaskEntry unpack(std::uint64_t word) noexcept {
    return {static_cast<TaskState>(word & 3U), static_cast<std::uint16_t>(word >> 2 & kLargestAttempt),
            Owner{static_cast<std::uint16_t>(word >> 16), static_cast<std::uint32_t>(word >> 32)}};
}

static_assert(unpack(pack({TaskState::claimed, 5, {7, 9}})) == TaskEntry{TaskState::claimed, 5, {7, 9}});

}  // namespace slicepool
