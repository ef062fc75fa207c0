#include "run_summary.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "text.hpp"

namespace slicepool::cli {
namespace {

constexpr std::size_t kMostLines = 10;

/// What was thrown, where a worker died and what it said last, a line each.
std::string last_words(const Cause& cause) {
    std::string text;
    if (!cause.type.empty()) text += fmt::format("    it threw {}\n", cause.type);
    if (!cause.trace.empty()) text += fmt::format("    in {}\n", cause.trace.front());
    const std::string& said = cause.stderr_tail;
    if (!said.empty()) text += fmt::format("    it wrote: {}\n", said.substr(said.rfind('\n') + 1));
    return text;
}

std::string crew_text(const Report& report) {
    if (report.backend == Backend::serial) return "in one thread";
    if (report.backend == Backend::threads) return "on " + count_text(report.worker_count, "thread");
    return fmt::format("on {} process{}", report.worker_count, report.worker_count == 1 ? "" : "es");
}

}  // namespace

std::string speed_text(const Report& report, std::size_t input_bytes) {
    const auto total = static_cast<std::int64_t>(report.slices.size());
    const std::int64_t done = report.count(SliceStatus::done);
    const std::string what =
        done == total ? count_text(total, "slice") : fmt::format("{} of {}", done, count_text(total, "slice"));
    std::string text = fmt::format("{} in {} {}", what, seconds_text(report.wall_seconds), crew_text(report));
    if (done > 0 && report.wall_seconds > 0) {
        const double fraction = static_cast<double>(done) / static_cast<double>(total);
        text += fmt::format(" ({} slices/s, {}/s)", rate_text(static_cast<double>(done) / report.wall_seconds),
                            bytes_text(fraction * static_cast<double>(input_bytes) / report.wall_seconds));
    }
    if (report.peak_memory_bytes > 0)
        text += fmt::format(", peak {}", bytes_text(static_cast<double>(report.peak_memory_bytes)));
    return text;
}

std::string deaths_text(const Report& report) {
    std::int64_t died = 0;
    std::int64_t replaced = 0;
    for (const WorkerLife& worker : report.workers) {
        if (worker.death_seconds < 0 || worker.retired) continue;
        ++died;
        if (std::ranges::any_of(report.workers, [&](const WorkerLife& other) {
                return other.slot == worker.slot && other.incarnation > worker.incarnation;
            }))
            ++replaced;
    }
    if (died == 0) return {};
    const std::int64_t redone = std::ranges::count_if(report.slices, [](const SliceOutcome& slice) {
        return slice.status == SliceStatus::done && slice.attempts > 1;
    });
    std::string text = count_text(died, "worker") + " died";
    if (replaced == died)
        text += died == 1 ? " and was replaced" : " and were replaced";
    else if (replaced > 0)
        text += fmt::format(", {} replaced", replaced);
    if (redone == 1 && died == 1) return text + "; its slice was done again";
    if (redone > 0) text += fmt::format("; {} done again", count_text(redone, "slice"));
    return text;
}

std::string missing_text(const Report& report) {
    std::vector<const SliceOutcome*> missing;
    for (const SliceOutcome& slice : report.slices)
        if (slice.status != SliceStatus::done) missing.push_back(&slice);
    // Those that were tried say more than those the run did not come to.
    std::stable_partition(missing.begin(), missing.end(),
                          [](const SliceOutcome* slice) { return slice->status != SliceStatus::not_run; });
    std::string text;
    for (std::size_t i = 0; i < std::min(missing.size(), kMostLines); ++i) {
        const SliceOutcome& slice = *missing[i];
        text += fmt::format("slice {}: {}", slice.index,
                            slice.causes.empty() ? std::string(name_of(slice.status)) : describe(slice.causes.back()));
        text += slice.attempts > 0 ? fmt::format(", after {}\n", count_text(slice.attempts, "attempt")) : "\n";
        if (!slice.causes.empty()) text += last_words(slice.causes.back());
    }
    if (missing.size() > kMostLines) text += fmt::format("and {} more\n", missing.size() - kMostLines);
    return text;
}

}  // namespace slicepool::cli
