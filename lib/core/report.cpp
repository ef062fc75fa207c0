#include <slicepool/core/report.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace slicepool {
namespace {

/// The signals a worker is likely to die from; numbers as on Linux x86-64 and aarch64.
constexpr std::array<std::pair<int, std::string_view>, 17> kSignals{{
    {1, "SIGHUP"},
    {2, "SIGINT"},
    {3, "SIGQUIT"},
    {4, "SIGILL"},
    {5, "SIGTRAP"},
    {6, "SIGABRT"},
    {7, "SIGBUS"},
    {8, "SIGFPE"},
    {9, "SIGKILL"},
    {10, "SIGUSR1"},
    {11, "SIGSEGV"},
    {12, "SIGUSR2"},
    {13, "SIGPIPE"},
    {14, "SIGALRM"},
    {15, "SIGTERM"},
    {24, "SIGXCPU"},
    {31, "SIGSYS"},
}};

std::string signal_name(int signal) {
    for (const auto& [number, name] : kSignals)
        if (number == signal) return std::string(name);
    return fmt::format("signal {}", signal);
}

}  // namespace

std::string_view name_of(SliceStatus status) noexcept {
    switch (status) {
        case SliceStatus::not_run: return "not_run";
        case SliceStatus::done: return "done";
        case SliceStatus::failed: return "failed";
        case SliceStatus::crashed: return "crashed";
        case SliceStatus::timed_out: return "timed_out";
        case SliceStatus::forbidden: break;
    }
    return "forbidden";
}

std::string describe(const Cause& cause) {
    if (cause.kind == SliceStatus::crashed) {
        const std::string how = cause.signal != 0 ? signal_name(cause.signal) : fmt::format("exit {}", cause.exit_code);
        return cause.text.empty() ? fmt::format("crashed({})", how) : fmt::format("crashed({}): {}", how, cause.text);
    }
    if (cause.kind == SliceStatus::timed_out) return fmt::format("timed_out {}", cause.text);
    return fmt::format("{}({})", name_of(cause.kind), cause.text);
}

std::int64_t Report::total() const noexcept {
    return static_cast<std::int64_t>(slices.size()) + unlisted_done + unlisted_failed + unlisted_not_run;
}

bool Report::ok() const noexcept { return count(SliceStatus::done) == total(); }

std::vector<SliceOutcome> Report::failures() const {
    std::vector<SliceOutcome> failed;
    std::ranges::copy_if(slices, std::back_inserter(failed), [](const SliceOutcome& s) {
        return s.status != SliceStatus::done && s.status != SliceStatus::not_run;
    });
    return failed;
}

std::int64_t Report::count(SliceStatus status) const noexcept {
    const std::int64_t unlisted = status == SliceStatus::done      ? unlisted_done
                                  : status == SliceStatus::failed  ? unlisted_failed
                                  : status == SliceStatus::not_run ? unlisted_not_run
                                                                   : 0;
    return unlisted + std::ranges::count_if(slices, [status](const SliceOutcome& s) { return s.status == status; });
}

std::int64_t Report::deaths() const noexcept {
    return std::ranges::count_if(workers,
                                 [](const WorkerLife& worker) { return worker.death_seconds >= 0 && !worker.retired; });
}

std::int64_t Report::retries() const noexcept {
    std::int64_t retries = 0;
    for (const SliceOutcome& slice : slices) retries += std::max(0, slice.attempts - 1);
    return retries;
}

void Report::raise() const {
    for (const SliceOutcome& slice : slices) {
        if (slice.status == SliceStatus::done || slice.status == SliceStatus::not_run) continue;
        const std::string why =
            slice.causes.empty() ? std::string(name_of(slice.status)) : describe(slice.causes.back());
        throw SliceError(fmt::format("{} {}: {} (after {} attempt{})", item, slice.index, why, slice.attempts,
                                     slice.attempts == 1 ? "" : "s"),
                         slice);
    }
}

void Report::require_ok() const {
    raise();
    if (ok()) return;
    const std::string how_many = fmt::format("{} of {} {}s were not run", count(SliceStatus::not_run), total(), item);
    if (interrupted) throw Interrupted(fmt::format("interrupted: {}", how_many));
    throw Error(fmt::format("{}: {}", gave_up.empty() ? "the run ended early" : gave_up, how_many));
}

}  // namespace slicepool
