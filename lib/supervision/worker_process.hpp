// worker_process.hpp: one worker process and what is known of its life.
// Passive: it has no opinion on whether it should live; see restart_policy.hpp and supervisor.hpp.
#pragma once

#include "ledger/task_word.hpp"
#include "os/child.hpp"

#include <chrono>
#include <cstdint>

namespace slicepool {

struct WorkerProcess {
    using Clock = std::chrono::steady_clock;

    Owner owner;
    os::Child child;
    Clock::time_point birth;
    /// The position it was killed for when its deadline passed, or -1.
    std::int64_t overdue_slice = -1;

    [[nodiscard]] bool alive() const noexcept { return static_cast<bool>(child); }
};

}  // namespace slicepool
