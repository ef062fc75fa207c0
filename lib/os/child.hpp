// child.hpp: one child process, held by a descriptor that never names another process, whatever happens to its number.
// When to start or kill it is decided elsewhere (supervision/).
#pragma once

#include "os/file_descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace slicepool::os {

/// A killed process that takes longer than this to end is held by the kernel: by a dead file server, a failing disk.
inline constexpr std::chrono::seconds kLongestEnd{10};

/// How a process ended.
struct ExitStatus {
    int signal = 0;     ///< killed by this signal, or 0
    int code = 0;       ///< exit code when signal is 0
    bool known = true;  ///< false when the host program reaped the child first (SIGCHLD ignored, wait on any child)

    /// By SIGKILL: ours, the system's or somebody else's.
    [[nodiscard]] bool was_killed() const noexcept;
    /// It left by itself, with code 0.
    [[nodiscard]] bool was_orderly() const noexcept { return known && signal == 0 && code == 0; }
};

/// A child process of ours. Passive: kills and reaps only when told to. Not safe for concurrent calls.
class Child {
public:
    Child() = default;
    Child(std::int64_t pid, FileDescriptor pidfd) noexcept : pid_(pid), pidfd_(std::move(pidfd)) {}

    [[nodiscard]] std::int64_t pid() const noexcept { return pid_; }
    /// Readable once the process has ended; borrowed.
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(pidfd_); }

    /// SIGKILL; no error when it has ended already.
    void kill() const noexcept;
    /// SIGKILL to the process group it leads, if it does: what it forked. Only until it is reaped.
    void kill_group() const noexcept;
    /// Processor time it has used so far, all threads, in seconds; 0 once it has ended.
    [[nodiscard]] double cpu_seconds() const noexcept;
    /// True when it has memory of this name mapped (as sealed_memory_file names it), or the system does not say.
    [[nodiscard]] bool has_mapped(std::string_view memory_name) const;
    /// True when a signal or a debugger has stopped it, so that it does not just wait for its turn on a processor.
    [[nodiscard]] bool is_stopped() const;
    /// True when it has ended and waits to be reaped.
    [[nodiscard]] bool has_ended() const noexcept;
    /// Reaps it if it has ended. Afterwards its last store is visible and it can make no other.
    [[nodiscard]] std::optional<ExitStatus> try_reap() noexcept;
    /// Waits for the end, at most `limit`, and reaps.
    [[nodiscard]] std::optional<ExitStatus> reap_within(std::chrono::milliseconds limit) noexcept;

private:
    std::int64_t pid_ = 0;
    FileDescriptor pidfd_;
};

/// SIGKILL to the process group that `leader` leads, and reaps the leader and every child of ours in the group.
void kill_and_reap_group(Child& leader) noexcept;

/// SIGKILL to every child of the calling process and to the groups that its children lead, again until none is left.
/// Nothing is reaped. For a program of its own that is about to end: a host's children are its own affair.
void kill_children() noexcept;

/// fork() with a pidfd. In the child: returns an empty Child after setting it up to die with the calling thread. The
/// child has the caller's memory but only this thread. Throws SystemError.
[[nodiscard]] Child fork_child();

/// Forks a sibling: a child of our own parent, sharing nothing but what fork shares. For a single-threaded process only.
/// Returns {pid, pidfd} of the sibling, {0, none} in the sibling itself, or {-errno, none}.
struct Sibling {
    std::int64_t pid_or_error = 0;
    FileDescriptor pidfd;
};
[[nodiscard]] Sibling fork_sibling() noexcept;

/// What a forked process does first: a session of its own (so that a terminal's Ctrl-C passes it by), default
/// dispositions instead of the host's signal handlers (ignored signals stay ignored) and an empty mask, its own standard output buffer emptied of what the host had not yet written.
void become_background_process() noexcept;
/// Asks the kernel for SIGKILL when the parent thread dies; exits at once when the parent is not `parent_pid` any more.
void die_with_parent(std::int64_t parent_pid) noexcept;
/// Makes the calling process the leader of a process group of its own, so that what it forks can be killed with it.
void lead_own_group() noexcept;
/// Asks the kernel to take this process before others when memory runs out.
void prefer_as_memory_victim() noexcept;
/// Makes exit() and quick_exit() in user code end the process at once with their code, without running the host's exit
/// handlers. quick_exit() leaves unwritten what was printed, as it does anywhere.
void skip_exit_handlers() noexcept;
/// Writes out what user code printed, then ends the process without running the host's exit handlers.
[[noreturn]] void leave(int code) noexcept;
/// Writes out what this process printed to standard output.
void flush_output() noexcept;

[[nodiscard]] std::int64_t process_id() noexcept;
[[nodiscard]] std::int64_t parent_process_id() noexcept;
/// Processor time of the calling thread in seconds.
[[nodiscard]] double thread_cpu_seconds() noexcept;

}  // namespace slicepool::os
