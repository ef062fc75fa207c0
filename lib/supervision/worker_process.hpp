// worker_process.hpp: one worker process and what is known of its life.
// Passive: it has no opinion on whether it should live; see restart_policy.hpp and supervisor.hpp.
#pragma once

#include "ledger/task_word.hpp"
#include "os/child.hpp"
#include "os/file_descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace slicepool {

struct WorkerProcess {
    using Clock = std::chrono::steady_clock;

    Owner owner;
    os::Child child;
    Clock::time_point birth;
    std::int64_t place_in_line = 1;  ///< among those that sat in its slot
    os::FileDescriptor life_line;    ///< hangs up when the worker has closed its end, ended or not
    /// The position it was killed for when its deadline passed, or -1.
    std::int64_t overdue_slice = -1;
    std::optional<Clock::time_point> hung_up;      ///< when the life line was seen to be closed
    std::int64_t slice_at_hang_up = -1;            ///< position in its mailbox then
    bool killed_as_gone = false;                   ///< for living on long after that
    bool killed_as_garbled = false;                ///< for sending what makes no sense
    bool killed_as_still = false;                  ///< for standing still between slices
    bool killed_to_end = false;                    ///< because the run was to end, and its grace was over
    std::uint64_t watched_steps = 0;               ///< seen in its mailbox
    std::optional<Clock::time_point> still_since;  ///< when these steps were first seen, between slices
    bool killed_as_laggard = false;                ///< for not leaving a run in which nothing was left to do
    std::int64_t watched_slice = -1;             ///< position seen in its mailbox when the deadline was last looked at
    double cpu_at_run_start = 0.0;               ///< its processor time when the run began, or it was born
    double cpu_at_sight = 0.0;                   ///< its processor time then, in seconds
    double cpu_at_end = 0.0;                     ///< and when it was killed for its deadline
    bool killed = false;                         ///< by the supervisor
    std::chrono::nanoseconds waited_for_end{0};  ///< since then, while somebody looked
    bool stuck = false;                          ///< killed long ago, but the system does not end it

    [[nodiscard]] bool alive() const noexcept { return static_cast<bool>(child); }
};

}  // namespace slicepool
