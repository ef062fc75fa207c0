// Times what the pool itself costs: an empty call in a long loop, a call on a warm pool, making a pool; beside joblib's
// threading, loky and multiprocessing where python3 has joblib. Two workers everywhere. Times are medians; a loop's include
// the start of its crew unless it runs on a pool. Takes half a minute. Not timed: any work.
//   ./dev bench dispatch
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <slicepool/pool/parallel.hpp>
#include <slicepool/pool/pool.hpp>

#include "figures.hpp"

namespace {

using namespace slicepool;
using bench::tell;
using Clock = std::chrono::steady_clock;

constexpr int kCalls = 1'000'000;
constexpr std::array kBackends{Backend::threads, Backend::processes};

/// Median nanoseconds of `repeats` runs of `action`, after one that does not count.
template <class Action>
double median_ns(int repeats, Action&& action) {
    action();
    std::vector<double> times;
    for (int i = 0; i < repeats; ++i) {
        const auto start = Clock::now();
        action();
        times.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    }
    return bench::quantile(std::move(times), 0.5);
}

void time_loops(Backend backend) {
    const double target = backend == Backend::threads ? 50 : 100;
    const Options options{.n_jobs = 2, .backend = backend};
    const auto tell_call = [&](const char* what, double ns, std::optional<double> limit) {
        tell(fmt::format("{}: {} of {} in a loop", name_of(backend), what, kCalls), fmt::format("{:.1f} ns", ns), ns,
             limit);
    };
    tell_call("an empty call", median_ns(9, [&] { parallel([](int) {}, range(kCalls), options); }) / kCalls, target);
    tell_call("a call returning int",
              median_ns(9, [&] { parallel([](int i) { return i; }, range(kCalls), options); }) / kCalls, {});
    Pool pool({.n_jobs = 2, .backend = backend});
    tell_call("on a warm pool, an empty call", median_ns(9, [&] { pool.parallel([](int) {}, range(kCalls)); }) / kCalls,
              {});
}

void time_pool(Backend backend) {
    constexpr double kWarmTarget = 150;
    constexpr double kNsPerUs = 1e3;
    double us = median_ns(25, [&] { const Pool pool({.n_jobs = 2, .backend = backend}); }) / kNsPerUs;
    tell(fmt::format("{}: making a pool of two, and ending it", name_of(backend)), fmt::format("{:.0f} us", us));
    Pool pool({.n_jobs = 2, .backend = backend});
    us = median_ns(501, [&] { pool.parallel([](int) {}, range(2)); }) / kNsPerUs;
    tell(fmt::format("{}: two empty calls on a warm pool", name_of(backend)), fmt::format("{:.0f} us", us), us,
         kWarmTarget);
}

}  // namespace

int main() {
    bench::tell_of_load(0);
    for (const Backend backend : kBackends) time_loops(backend);
    for (const Backend backend : kBackends) time_pool(backend);
    std::fflush(stdout);
    // Prints its own lines; says so where python3 has no joblib.
    return std::system("python3 '" SLICEPOOL_DISPATCH_PEERS "'") == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
