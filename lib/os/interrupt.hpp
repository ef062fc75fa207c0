// interrupt.hpp: requests to stop (Ctrl-C, SIGTERM, a closed terminal) as calls in a thread, never as a signal handler.
// For a program of its own, such as the command-line tool: a library has no business with its host's signals.
#pragma once

#include "os/event.hpp"
#include "os/file_descriptor.hpp"

#include <functional>
#include <thread>

namespace slicepool::os {

/// Takes SIGINT, SIGTERM and SIGHUP while it lives, save those the program was started to ignore (nohup, background jobs
/// of a script).
class Interrupts {
public:
    /// Blocks the signals in the calling thread: make it before any other thread, so that all inherit that. Each signal
    /// then calls `on_signal` with its number among the signals so far (1, 2, ...), in a thread that does nothing else;
    /// it must not throw. Throws SystemError.
    explicit Interrupts(std::function<void(int)> on_signal);
    /// Waits for a call under way. The signals stay blocked: one that comes later does nothing.
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

private:
    void listen() const;

    std::function<void(int)> on_signal_;
    FileDescriptor signals_;
    Event end_;
    std::thread thread_;
};

/// Lets a write to a closed pipe, or beyond the limit on file sizes, fail with an error instead of ending the program.
/// For the calling thread and those it starts afterwards.
void failed_writes_are_errors() noexcept;

}  // namespace slicepool::os
