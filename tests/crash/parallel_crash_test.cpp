// Parallel loops whose function takes its worker down with it: one call is lost, and no other.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <slicepool/pool/parallel.hpp>
#include <slicepool/pool/pool.hpp>
#include <slicepool/pool/result_stream.hpp>

#include "support/catch.hpp"
#include "support/leaves_nothing.hpp"
#include "support/messages.hpp"
#include "support/shared_counters.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

/// Indices without result, and whether all others are 2 * index.
std::vector<std::int64_t> missing(const std::vector<std::optional<int>>& values) {
    std::vector<std::int64_t> none;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!values[i])
            none.push_back(static_cast<std::int64_t>(i));
        else
            REQUIRE(*values[i] == 2 * static_cast<int>(i));
    }
    return none;
}

}  // namespace

TEST_CASE("a call that crashes every time is given up, and no other is lost", "[crash][parallel]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the loop with a crash");
    const int attempts = GENERATE(1, 2, 3);
    const std::int64_t chunk = GENERATE(0, 1, 100'000);
    Options options{.n_jobs = 2, .max_attempts = attempts};
    if (chunk > 0) options.chunk = chunk;
    const auto results = try_parallel(
        [](int i) {
            if (i == 4321) std::raise(SIGSEGV);
            return 2 * i;
        },
        range(10'000), options);
    CHECK(missing(results.values) == std::vector<std::int64_t>{4321});
    const auto failures = results.report.failures();
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].index == 4321);
    CHECK(failures[0].attempts == attempts);
    CHECK(failures[0].causes.size() == static_cast<std::size_t>(attempts));
    CHECK(failures[0].causes[0].signal == SIGSEGV);
    CHECK(results.report.deaths() == attempts);
    CHECK(results.report.total() == 10'000);
    CHECK(std::ranges::count(results.report.workers, 4321, &WorkerLife::slice) == attempts);
}

TEST_CASE("a call that crashes once is done by another worker, and told of in the report", "[crash][parallel]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the loop with a passing crash");
    const SharedCounters tries(1);
    const auto results = try_parallel(
        [&](int i) {
            if (i == 77 && ++tries[0] == 1) std::abort();
            return 2 * i;
        },
        range(1000), {.n_jobs = 2});
    CHECK(results.report.ok());
    CHECK(missing(results.values).empty());
    REQUIRE(results.report.slices.size() == 1);
    CHECK(results.report.slices[0].index == 77);
    CHECK(results.report.slices[0].status == SliceStatus::done);
    CHECK(results.report.slices[0].attempts == 2);
    CHECK(results.report.retries() == 1);
}

TEST_CASE("neighbours that crash in one chunk are each given up", "[crash][parallel]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the loop with several crashes");
    const int attempts = GENERATE(1, 3);
    const auto results = try_parallel(
        [](int i) {
            if (i == 10 || i == 11 || i == 15 || i == 999) std::raise(SIGKILL);
            return 2 * i;
        },
        range(1000),
        {.n_jobs = 2, .chunk = 1000, .max_attempts = attempts, .restart_intensity = RestartIntensity{50, 10s}});
    CHECK(missing(results.values) == std::vector<std::int64_t>{10, 11, 15, 999});
    CHECK(results.report.failures().size() == 4);
}

TEST_CASE("calls that were told of before a crash are not done again", "[crash][parallel]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the loop that counts");
    const SharedCounters calls(100);
    const auto results = try_parallel(
        [&](int i) {
            ++calls[static_cast<std::size_t>(i)];
            std::this_thread::sleep_for(2ms);  // longer than results are held back
            if (i == 50) std::raise(SIGSEGV);
            return 2 * i;
        },
        range(100), {.n_jobs = 1, .chunk = 100, .max_attempts = 2});
    CHECK(missing(results.values) == std::vector<std::int64_t>{50});
    for (std::size_t i = 0; i < 100; ++i) CHECK(calls[i] == (i == 50 ? 2 : 1));
}

TEST_CASE("a call that outlives its time limit is killed, and only it", "[crash][parallel]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the loop with a hang");
    const auto results = try_parallel(
        [](int i) {
            while (i == 123) std::this_thread::sleep_for(1ms);
            return 2 * i;
        },
        range(1000), {.n_jobs = 2, .max_attempts = 2, .slice_timeout = 200ms});
    CHECK(missing(results.values) == std::vector<std::int64_t>{123});
    REQUIRE(results.report.failures().size() == 1);
    CHECK(results.report.failures()[0].status == SliceStatus::timed_out);
}

TEST_CASE("a worker that leaves by exit in a call has not done it", "[crash][parallel]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the loop with an exit");
    const auto results = try_parallel(
        [](int i) {
            if (i == 5) std::exit(0);
            return 2 * i;
        },
        range(20), {.n_jobs = 2, .max_attempts = 2});
    CHECK(missing(results.values) == std::vector<std::int64_t>{5});
    CHECK(describe(results.report.failures().at(0).causes.at(0)) == "crashed(exit 0)");
}

TEST_CASE("a stream goes on over crashes", "[crash][parallel][stream]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the stream with crashes");
    auto stream = parallel_ordered(
        [](int i) {
            if (i % 50 == 25) std::abort();
            return 2 * i;
        },
        range(200), {.n_jobs = 2, .window = 16, .max_attempts = 2, .restart_intensity = RestartIntensity{100, 10s}});
    std::int64_t expected = 0;
    for (auto& [index, value] : stream) {
        if (expected % 50 == 25) ++expected;
        REQUIRE(index == expected);
        CHECK(value == 2 * index);
        ++expected;
    }
    CHECK(expected == 200);
    CHECK(stream.report().failures().size() == 4);
}

TEST_CASE("workers of a loop make room for others after their number of calls", "[crash][parallel]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the loop that recycles");
    const auto results =
        try_parallel([](int i) { return 2 * i; }, range(40), {.n_jobs = 2, .max_slices_per_worker = 5});
    CHECK(results.report.ok());
    CHECK(missing(results.values).empty());
    CHECK(results.report.workers.size() >= 8);
    CHECK(results.report.deaths() == 0);
}

TEST_CASE("kill -9 at random loses no result of a loop and gives none twice", "[crash][parallel][storm]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the stormed loop", 120);
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::minstd_rand random(seed);
    Pool pool({.n_jobs = 2});
    for (int round = 0; round < 5; ++round) {
        std::vector<std::int64_t> pids;
        for (const std::int64_t pid : pool.parallel([](int) { return std::int64_t{getpid()}; }, range(100)))
            pids.push_back(pid);
        const int delay = static_cast<int>(random() % 20'000);
        std::jthread killer([&] {
            std::this_thread::sleep_for(std::chrono::microseconds(delay));
            ::kill(static_cast<pid_t>(pids[0]), SIGKILL);
        });
        const auto results = pool.try_parallel(
            [](int i) {
                if (i % 64 == 0) std::this_thread::sleep_for(50us);
                return 2 * i;
            },
            range(20'000), {.max_attempts = 10});
        killer.join();
        CHECK(results.report.ok());
        CHECK(missing(results.values).empty());
    }
}
