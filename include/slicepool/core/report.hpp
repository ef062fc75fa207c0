// report.hpp: what happened in a run: one outcome per slice, births and deaths of workers, times and memory.
// A value with no behaviour beyond questions; slicepool/report/ turns it into JSON.
#pragma once

#include <slicepool/core/error.hpp>
#include <slicepool/core/options.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slicepool {

enum class SliceStatus : std::uint8_t { not_run, done, failed, crashed, timed_out, forbidden };

[[nodiscard]] std::string_view name_of(SliceStatus status) noexcept;

/// Why an attempt at a slice, or a worker, ended badly.
struct Cause {
    SliceStatus kind = SliceStatus::failed;
    int signal = 0;     ///< crashed by this signal, or 0
    int exit_code = 0;  ///< crashed by leaving with this code, when signal is 0
    std::string text;   ///< exception text or more detail
    std::string type;   ///< of what was thrown, "std::invalid_argument"; empty when nothing was, or unknown
    std::vector<std::string> trace;  ///< crashed by a signal: the calls it was in, innermost first, as far as known
    /// The last lines that the worker process wrote to standard error before it died or, with an exception, by the time
    /// the host heard of that (of the first thousand exceptions). Threads write to the host's: empty.
    std::string stderr_tail;
};

/// "crashed(SIGSEGV)", "crashed(exit 3)", "timed_out after 2.5 s", "failed(bad value in row 7)".
[[nodiscard]] std::string describe(const Cause& cause);

struct SliceOutcome {
    std::int64_t index = 0;  ///< along the run's axis
    SliceStatus status = SliceStatus::not_run;
    int attempts = 0;
    int worker = -1;             ///< slot of the worker of the last attempt
    double start_seconds = 0.0;  ///< last attempt's start, from the run's start
    double seconds = 0.0;        ///< last attempt's duration
    std::vector<Cause> causes;   ///< one per failed attempt, oldest first
};

/// One worker's life, as far as this run saw it.
struct WorkerLife {
    int slot = 0;
    std::int64_t incarnation = 0;  ///< 1 for the first worker of the slot, 2 for the one that replaced it
    std::int64_t pid = 0;          ///< 0 for threads
    double birth_seconds = 0.0;    ///< from the run's start; negative when it was warm
    double death_seconds = -1.0;   ///< negative when it outlived the run
    bool retired = false;     ///< ended in order, to be replaced: it had done its number of slices, or grown too large
    Cause cause;              ///< why it died; meaningful when death_seconds >= 0
    std::int64_t slice = -1;  ///< the slice it died in, or -1
    std::int64_t slices_done = 0;
    double busy_seconds = 0.0;  ///< inside the filter, gather and scatter included
    double cpu_seconds = 0.0;   ///< processor time in this run
};

/// An item and how long its last attempt took.
struct ItemTime {
    std::int64_t index = 0;
    double seconds = 0.0;
};

/// Of a run over slices, or over the calls of a parallel loop: what is said of slices here then holds for calls.
struct Report {
    Backend backend = Backend::serial;
    std::string item = "slice";  ///< what the run was over: "slice" or "call"
    int axis = 0;
    int worker_count = 0;
    /// Ascending index. Of calls only those that took more than one attempt or were not done; the rest is counted:
    std::vector<SliceOutcome> slices;
    std::int64_t unlisted_done = 0;
    std::int64_t unlisted_failed = 0;  ///< beyond the first 100,000
    std::int64_t unlisted_not_run = 0;
    std::vector<ItemTime> slowest;    ///< of those that are done the ten that took longest, longest first
    std::vector<WorkerLife> workers;  ///< in order of birth

    double wall_seconds = 0.0;
    double cpu_seconds = 0.0;           ///< user and system time of the workers inside this run
    double wait_seconds = 0.0;          ///< worker_count x wall minus the time workers were busy
    double startup_seconds = 0.0;       ///< of wall, until the first slice was claimed
    std::size_t peak_memory_bytes = 0;  ///< proportional set size of all processes; 0 unless asked for
    std::size_t copied_bytes = 0;       ///< pixels copied to bring the caller's memory into shared memory
    std::size_t scratch_bytes_per_worker = 0;
    bool interrupted = false;  ///< the stop token ended the run early
    std::string gave_up;       ///< why the run was ended early for another reason (a crash loop), or empty

    /// Slices, or calls, the run was asked for.
    [[nodiscard]] std::int64_t total() const noexcept;
    /// True when every slice is done.
    [[nodiscard]] bool ok() const noexcept;
    /// Slices that were tried and given up, lowest index first (not_run is no failure).
    [[nodiscard]] std::vector<SliceOutcome> failures() const;
    [[nodiscard]] std::int64_t count(SliceStatus status) const noexcept;
    /// Workers that died, of whatever cause; the retired are not among them.
    [[nodiscard]] std::int64_t deaths() const noexcept;
    /// Attempts beyond the first, over all slices.
    [[nodiscard]] std::int64_t retries() const noexcept;
    /// Throws SliceError for the failure of lowest index; does nothing when there is none.
    void raise() const;
    /// As raise; and when slices were not run, throws Interrupted if the stop token was the reason, else Error.
    void require_ok() const;
};

/// Thrown by Report::require_ok: the stop token ended the run before everything was done.
class Interrupted : public Error {
public:
    using Error::Error;
};

/// Thrown by Report::raise: "slice 7: crashed(SIGSEGV) (after 3 attempts)".
class SliceError : public Error {
public:
    SliceError(const std::string& message, SliceOutcome outcome) : Error(message), outcome_(std::move(outcome)) {}
    [[nodiscard]] const SliceOutcome& outcome() const noexcept { return outcome_; }

private:
    SliceOutcome outcome_;
};

}  // namespace slicepool
