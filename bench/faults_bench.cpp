// Times what faults cost on worker processes: a death until its replacement begins a slice, a run in which slices crash,
// and guarded output where nothing goes wrong. Ratios are medians of pairs run in turn, as many as a budget of time allows;
// times are medians. A figure is printed with its target, if it has one, as soon as it is there; all take a minute and a half.
// Not timed: the start of a pool, filters.
//   ./dev bench faults
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <slicepool/core/current_slice.hpp>
#include <slicepool/memory/volume.hpp>
#include <slicepool/pool/process_slices.hpp>

#include "figures.hpp"
#include "os/child.hpp"
#include "os/mapping.hpp"

namespace {

using namespace slicepool;
using namespace std::chrono_literals;
using bench::quantile;
using bench::tell;
using bench::tell_of_load;
using Clock = std::chrono::steady_clock;

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

constexpr double kDeathTarget = 2.0;     // milliseconds, median
constexpr double kCrashesTarget = 1.06;  // 0.01 of it is work done twice
constexpr double kDefaultGuardTarget = 1.01;

/// Numbers that all worker processes see.
class SharedNumbers {
public:
    using Number = std::atomic<std::int64_t>;

    explicit SharedNumbers(std::size_t count)
        : memory_(os::Mapping::of_file(
              os::sealed_memory_file("slicepool-bench", os::whole_pages(count * sizeof(Number))).get(), 0,
              os::whole_pages(count * sizeof(Number)), os::Access::read_write, "numbers of the benchmark")) {}
    [[nodiscard]] Number& operator[](std::size_t i) const {
        return *std::launder(reinterpret_cast<Number*>(memory_.data()) + i);
    }

private:
    os::Mapping memory_;
};

/// About `passes` x 25 us a slice of 256 KB: a filter of `passes` passes over memory that stays in cache.
void smooth(const SliceView<const float>& in, SliceView<float>& out, int passes) {
    out = in;
    for (int pass = 0; pass < passes; ++pass) out = 0.75F * out + 0.25F * in;
}

Volume<float> filled(const Shape& shape) {
    auto volume = Volume<float>::create(shape);
    for (std::int64_t z = 0; z < shape.depth; ++z) volume.slice(0, z).setConstant(1.0F + static_cast<float>(z));
    return volume;
}

/// Every 20th of 2000 slices ends its worker once.
void time_replacements(int signal, const char* what) {
    constexpr std::int64_t kSlices = 2000;
    constexpr std::int64_t kEvery = 20;
    constexpr std::size_t kDeaths = kSlices / kEvery;
    // [0]: deaths so far, [1]: first slices so far, then the times of each, then a mark for each slice that has crashed
    const SharedNumbers numbers(2 + 2 * kDeaths + 2 + kSlices);
    const auto input = filled({kSlices, 256, 256});
    const auto output = Volume<float>::create({kSlices, 256, 256});
    const Report report = process_slices(
        input, output,
        [&numbers, signal](SliceView<const float> in, SliceView<float> out) {
            static std::int64_t known = 0;  // of each process its own copy

            const std::int64_t now = now_ns();
            if (std::exchange(known, os::process_id()) != os::process_id()) {
                const std::int64_t births = numbers[1]++;
                if (births >= 2 && births < static_cast<std::int64_t>(kDeaths) + 2)
                    numbers[2 + kDeaths + static_cast<std::size_t>(births - 2)] = now;
            }
            const std::int64_t slice = current_slice();
            if (slice % kEvery == kEvery / 2 && numbers[4 + 2 * kDeaths + static_cast<std::size_t>(slice)]++ == 0) {
                const auto death = static_cast<std::size_t>(numbers[0]++);
                numbers[2 + death] = now_ns();
                std::raise(signal);
            }
            smooth(in, out, 20);
        },
        {.n_jobs = 2});
    std::vector<double> milliseconds;
    for (std::size_t i = 0; i < kDeaths; ++i)
        if (numbers[2 + kDeaths + i] != 0)
            milliseconds.push_back(1e-6 * static_cast<double>(numbers[2 + kDeaths + i] - numbers[2 + i]));
    if (!report.ok()) fmt::print("NOT ALL SLICES WERE DONE\n");
    const double median = quantile(milliseconds, 0.5);
    tell(fmt::format("{}: from death to the next worker's slice, median of {}", what, report.deaths()),
         fmt::format("{:.2f} ms", median), median, kDeathTarget);
    tell(fmt::format("{}: the same, 9 of 10 within", what), fmt::format("{:.2f} ms", quantile(milliseconds, 0.9)));
}

/// Wall time of `second` over that of `first`: median over pairs, each in the other order than the last; at least 3.
double paired_ratio(int most_pairs, std::chrono::seconds budget, const std::function<double()>& first,
                    const std::function<double()>& second) {
    const auto end = Clock::now() + budget;
    std::vector<double> ratios;
    for (int pair = 0; pair < most_pairs && (pair < 3 || Clock::now() < end); ++pair) {
        double a = 0;
        double b = 0;
        if (pair % 2 == 0) a = first(), b = second();
        if (pair % 2 != 0) b = second(), a = first();
        ratios.push_back(b / a);
    }
    return quantile(ratios, 0.5);
}

void time_one_percent() {
    constexpr std::int64_t kSlices = 1000;
    const auto input = filled({kSlices, 256, 256});
    const auto output = Volume<float>::create({kSlices, 256, 256});
    bool all_done = true;
    std::int64_t deaths = 0;
    const auto run = [&](bool with_crashes) {
        const SharedNumbers crashed(kSlices);
        const Report report =
            process_slices(input, output,
                           [&crashed, with_crashes](SliceView<const float> in, SliceView<float> out) {
                               smooth(in, out, 80);
                               const std::int64_t slice = current_slice();
                               if (with_crashes && slice % 100 == 50 && crashed[static_cast<std::size_t>(slice)]++ == 0)
                                   std::raise(SIGSEGV);
                           },
                           {.n_jobs = 2});
        all_done = all_done && report.ok();
        if (with_crashes) deaths = report.deaths();
        return report.wall_seconds;
    };
    static_cast<void>(run(false));
    const double ratio = paired_ratio(
        11, 18s, [&] { return run(false); }, [&] { return run(true); });
    if (!all_done) fmt::print("NOT ALL SLICES WERE DONE\n");
    tell(fmt::format("{} of {} slices crash once at their end: wall against a clean run", deaths, kSlices),
         fmt::format("x {:.3f}", ratio), ratio, kCrashesTarget);
}

void time_guard(std::int64_t rows, std::int64_t columns, int passes, const char* what) {
    const std::int64_t slices = std::min<std::int64_t>((std::int64_t{256} << 20) / (rows * columns * 4), 16384);
    const auto input = filled({slices, rows, columns});
    const auto output = Volume<float>::create({slices, rows, columns});
    const auto run = [&](std::optional<bool> guard) {
        return process_slices(input, output,
                              [passes](SliceView<const float> in, SliceView<float> out) { smooth(in, out, passes); },
                              {.n_jobs = 2, .guard_output = guard})
            .wall_seconds;
    };
    const auto off = [&] { return run(false); };
    for (const std::optional<bool> guard :
         {std::optional<bool>(false), std::optional<bool>(true), std::optional<bool>()})
        static_cast<void>(run(guard));
    const auto tell_ratio = [&](std::string_view how, std::optional<bool> guard, std::optional<double> target) {
        const double ratio = paired_ratio(15, 4s, off, [&] { return run(guard); });
        tell(fmt::format("guard {}, slices of {} KB, {}: wall", how, rows * columns * 4 / 1024, what),
             fmt::format("x {:.3f}", ratio), ratio, target);
    };
    tell_ratio("on", true, {});
    tell_ratio("by default", {}, kDefaultGuardTarget);
}

}  // namespace

int main() {
    tell_of_load(0);
    time_replacements(SIGKILL, "SIGKILL");
    time_replacements(SIGSEGV, "SIGSEGV and its trace");
    time_one_percent();
    time_guard(32, 32, 20, "20 passes over each");
    time_guard(256, 256, 20, "20 passes over each");
    time_guard(256, 256, 0, "a mere copy");
    time_guard(1024, 1024, 20, "20 passes over each");
    time_guard(1024, 1024, 0, "a mere copy");
    tell_of_load(2);
}
