// task_grouping.hpp: which slices a run has, and how they are dealt into tasks.
// Arithmetic only; who does which task is the ledger's.
#pragma once

#include <cstdint>

namespace slicepool {

/// The slices of a run: position p (0 ... count-1) is slice first + p * step along the axis.
struct SliceSelection {
    std::int64_t first = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;
    [[nodiscard]] std::int64_t index(std::int64_t position) const noexcept { return first + position * step; }
};

/// How positions are dealt into tasks: one slice each, or groups of neighbours that share cache lines (along x). The first
/// group may be smaller, so that the others begin on a line.
struct TaskGrouping {
    std::int64_t group = 1;  ///< slices per task
    std::int64_t head = 0;   ///< slices of task 0 when it is a smaller one, else 0
    bool as_one = false;     ///< a task is a block, computed in one call: what happens to a slice happens to all of it

    struct Range {
        std::int64_t begin = 0;
        std::int64_t end = 0;
    };
    /// The positions of `task` in a run of `count` slices.
    [[nodiscard]] Range positions(std::int64_t task, std::int64_t count) const noexcept {
        const std::int64_t begin = head == 0 ? task * group : task == 0 ? 0 : head + (task - 1) * group;
        const std::int64_t size = head != 0 && task == 0 ? head : group;
        return {begin, begin + size < count ? begin + size : count};
    }
    /// The task that holds `position`.
    [[nodiscard]] std::int64_t task_of(std::int64_t position) const noexcept {
        if (head == 0) return position / group;
        return position < head ? 0 : 1 + (position - head) / group;
    }
    [[nodiscard]] std::int64_t task_count(std::int64_t count) const noexcept {
        const std::int64_t rest = count > head ? count - head : 0;
        return (head != 0 && count > 0 ? 1 : 0) + (rest + group - 1) / group;
    }
};

}  // namespace slicepool
