// crash_trace.hpp: where a process was when a signal ended it, left in shared memory for whoever buries it.
// For processes of our own: it installs signal handlers, which the host's process must never get from us.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace slicepool::os {

/// Written by the dying process, read after it was reaped. What it says is untrusted: addresses, nothing more.
struct CrashTrace {
    static constexpr std::size_t kFrames = 24;
    std::atomic<std::int32_t> signal{0};  ///< the one that began the end, or 0
    std::atomic<std::uint32_t> count{0};
    std::array<std::atomic<std::uintptr_t>, kFrames> frames{};  ///< innermost first

    void clear() noexcept;
};

/// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT leave their trace in `trace` and then end the process as they
/// would have anyway. A handler that gets stuck in the ruins is ended by SIGALRM a second later. Call once, in the only
/// thread of the process; `trace` stays mapped.
void record_crashes_in(CrashTrace& trace) noexcept;

/// The signal that the trace is about, when a process that left it was ended by `ended_by`; else 0.
[[nodiscard]] int signal_behind(const CrashTrace& trace, int ended_by) noexcept;

/// The frames as text, by what is loaded in the calling process: "median(float const*) in libfilter.so+0x1f30". Frames
/// in code that is not loaded here are left as addresses.
[[nodiscard]] std::vector<std::string> describe(const CrashTrace& trace);

}  // namespace slicepool::os
