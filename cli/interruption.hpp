// interruption.hpp: what Ctrl-C, SIGTERM and a closed terminal do to this program.
// How signals are caught is in os/interrupt.hpp.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "os/interrupt.hpp"

namespace slicepool::cli {

/// While slices are being processed, the first signal asks the run to stop: slices under way are finished. A second
/// one, or one outside a run, cleans up and ends the program at once with kInterrupted, and all processes it has started
/// with it. Neither waits for anybody to read standard error: what cannot be printed at once is not printed.
class Interruption {
public:
    using Seconds = std::chrono::duration<double>;
    static constexpr Seconds kForever{std::numeric_limits<double>::infinity()};

    /// Make it before the program has a second thread. Throws SystemError.
    Interruption();

    /// What must happen before the program is ended at once; called in another thread, must not throw. For good.
    void before_leaving(std::function<void()> cleanup);

    /// For Options::stop_token.
    [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_.get_token(); }
    [[nodiscard]] bool requested() const noexcept { return stop_.stop_requested(); }

    /// Says, while it lives, that a run is under way.
    class Run {
    public:
        /// `grace`: how long a stopped run waits for the slices under way, for the first signal's message.
        explicit Run(Interruption& interruption, Seconds grace = kForever) : interruption_(interruption) {
            interruption_.grace_seconds_ = grace.count();
            interruption_.under_way_ = 0;
            interruption_.running_ = true;
        }
        ~Run() { interruption_.running_ = false; }
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;

        /// How many slices are under way, as far as known; 0: unknown. Safe from any thread.
        void note_under_way(std::int64_t slices) noexcept { interruption_.under_way_ = slices; }

    private:
        Interruption& interruption_;
    };

private:
    void on_signal();
    [[nodiscard]] std::string stopping_text() const;

    std::atomic<bool> running_{false};
    std::atomic<double> grace_seconds_{kForever.count()};
    std::atomic<std::int64_t> under_way_{0};
    std::stop_source stop_;
    std::mutex mutex_;  // of cleanups_
    std::vector<std::function<void()>> cleanups_;
    os::Interrupts interrupts_;  // last: its thread uses the others
};

}  // namespace slicepool::cli
