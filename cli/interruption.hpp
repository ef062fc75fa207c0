// interruption.hpp: what Ctrl-C, SIGTERM and a closed terminal do to this program.
// How signals are caught is in os/interrupt.hpp.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <stop_token>
#include <vector>

#include "os/interrupt.hpp"

namespace slicepool::cli {

/// While slices are being processed, the first signal asks the run to stop: slices under way are finished. A second
/// one, or one outside a run, cleans up and ends the program at once with kInterrupted.
class Interruption {
public:
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
        explicit Run(Interruption& interruption) : interruption_(interruption) { interruption_.running_ = true; }
        ~Run() { interruption_.running_ = false; }
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;

    private:
        Interruption& interruption_;
    };

private:
    void on_signal();

    std::atomic<bool> running_{false};
    std::stop_source stop_;
    std::mutex mutex_;  // of cleanups_
    std::vector<std::function<void()>> cleanups_;
    os::Interrupts interrupts_;  // last: its thread uses the others
};

}  // namespace slicepool::cli
