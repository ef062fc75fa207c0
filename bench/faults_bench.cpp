// Times what faults cost on worker processes: a death until its replacement begins a slice, a run in which slices crash,
// and guarded output where nothing goes wrong. Ratios are medians of pairs run in turn; times are medians. Not timed: the
// start of a pool, filters.
//   ./dev bench faults
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <slicepool/core/current_slice.hpp>
#include <slicepool/memory/volume.hpp>
#include <slicepool/pool/process_slices.hpp>

#include "os/child.hpp"
#include "os/mapping.hpp"

namespace {

using namespace slicepool;
using Clock = std::chrono::steady_clock;

double quantile(std::vector<double> values, double fraction) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1))];
}

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

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
    fmt::print(
        "death by {} until the replacement begins a slice: median {:.2f} ms, 9 of 10 within {:.2f} ms "
        "({} deaths, all slices done: {})\n",
        what, quantile(milliseconds, 0.5), quantile(milliseconds, 0.9), report.deaths(), report.ok() ? "yes" : "NO");
}

/// Wall time of `second` over that of `first`: median over pairs, each in the other order than the last.
double paired_ratio(int pairs, const std::function<double()>& first, const std::function<double()>& second) {
    std::vector<double> ratios;
    for (int pair = 0; pair < pairs; ++pair) {
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
    std::vector<double> walls;
    const double ratio = paired_ratio(
        11,
        [&] {
            walls.push_back(run(false));
            return walls.back();
        },
        [&] { return run(true); });
    fmt::print(
        "{} slices of {:.1f} s, {} of which crash once at their end, against a clean run: wall x {:.3f}, of which "
        "0.010 is work done twice (all slices done: {})\n",
        kSlices, quantile(walls, 0.5), deaths, ratio, all_done ? "yes" : "NO");
}

void time_guard(std::int64_t rows, std::int64_t columns, int passes, const char* what) {
    const std::int64_t slices = (std::int64_t{256} << 20) / (rows * columns * 4);
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
    fmt::print("guarded output, slices of {} KB, {}: wall x {:.3f} when on, x {:.3f} by default\n",
               rows * columns * 4 / 1024, what, paired_ratio(15, off, [&] { return run(true); }),
               paired_ratio(15, off, [&] { return run({}); }));
}

}  // namespace

int main() {
    time_replacements(SIGKILL, "SIGKILL");
    time_replacements(SIGSEGV, "SIGSEGV, its trace recorded");
    time_one_percent();
    time_guard(32, 32, 20, "20 passes over each");
    time_guard(256, 256, 20, "20 passes over each");
    time_guard(256, 256, 0, "a mere copy");
    time_guard(1024, 1024, 20, "20 passes over each");
    time_guard(1024, 1024, 0, "a mere copy");
}
