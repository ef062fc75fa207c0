// Workers that die: the run goes on, the dead are replaced, and only the slice at fault is lost.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include <sys/mman.h>
#include <unistd.h>

#include "support/every_backend.hpp"
#include "support/leaves_nothing.hpp"
#include "support/shared_counters.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

const Shape kShape{12, 5, 40};

std::int64_t index_of(SliceView<const float> in) {
    for (std::int64_t index = 0; index < kShape.depth; ++index)
        if (in(0, 0) == pixel_at<float>(index, 0, 0)) return index;
    return -1;
}

void check_all_right_but(const Volume<float>& input, const Volume<float>& output, std::int64_t lost) {
    for (std::int64_t index = 0; index < kShape.depth; ++index) {
        if (index == lost)
            CHECK(output.slice(0, index).isNaN().all());
        else
            CHECK((output.slice(0, index) == 2 * input.slice(0, index)).all());
    }
}

}  // namespace

TEST_CASE("a worker that crashes once is replaced and its slice is done again", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a crash");
    const int signal = GENERATE(SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGKILL, SIGTERM);
    const SharedCounters tries(1);
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);

    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             out.setConstant(99.0F);
                                             if (index_of(in) == 4 && tries[0]++ == 0) raise(signal);
                                             out = 2 * in;
                                         },
                                         {.n_jobs = 2});

    CHECK(report.ok());
    CHECK(report.retries() == 1);
    CHECK(report.slices[4].attempts == 2);
    REQUIRE(report.slices[4].causes.size() == 1);
    CHECK(report.slices[4].causes[0].kind == SliceStatus::crashed);
    CHECK(report.slices[4].causes[0].signal == signal);
    REQUIRE(report.workers.size() >= 3);
    std::int64_t deaths = 0;
    for (const WorkerLife& life : report.workers)
        if (life.death_seconds >= 0) {
            ++deaths;
            CHECK(life.slice == 4);
        }
    CHECK(deaths == 1);
    check_all_right_but(input, output, -1);
}

TEST_CASE("a slice that crashes its worker every time is given up after max_attempts, and no other is lost",
          "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a crash in every attempt");
    const int attempts = GENERATE(1, 3);
    void* const forbidden = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(forbidden != MAP_FAILED);
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);

    const Report report = process_slices(input, output,
                                         [forbidden](SliceView<const float> in, SliceView<float> out) {
                                             out.setConstant(99.0F);
                                             if (index_of(in) == 7) *static_cast<volatile int*>(forbidden) = 1;
                                             out = 2 * in;
                                         },
                                         {.n_jobs = 2, .max_attempts = attempts});

    munmap(forbidden, 4096);
    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 7);
    CHECK(report.failures()[0].status == SliceStatus::crashed);
    CHECK(report.failures()[0].attempts == attempts);
    CHECK(describe(report.failures()[0].causes.back()) == "crashed(SIGSEGV)");
    check_all_right_but(input, output, 7);
    CHECK_THROWS_AS(report.raise(), SliceError);
}

TEST_CASE("leaving by exit is a failure whatever the code, and the host's exit handlers do not run", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with an exit");
    const int code = GENERATE(0, 3);
    static SharedCounters handlers_run(1);
    static const int registered = std::atexit([] { ++handlers_run[0]; });
    REQUIRE(registered == 0);
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);

    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             if (index_of(in) == 3) std::exit(code);
                                             out = 2 * in;
                                         },
                                         {.n_jobs = 2, .max_attempts = 2});

    REQUIRE(report.failures().size() == 1);
    CHECK(describe(report.failures()[0].causes.back()) == "crashed(exit " + std::to_string(code) + ")");
    CHECK(handlers_run[0] == 0);
    check_all_right_but(input, output, 3);
}

TEST_CASE("a slice that outlives its time limit is killed, tried again and given up", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a deadline");
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);

    const Report report = process_slices(input, output,
                                         [](SliceView<const float> in, SliceView<float> out) {
                                             while (index_of(in) == 9) std::this_thread::sleep_for(1h);
                                             out = 2 * in;
                                         },
                                         {.n_jobs = 2, .max_attempts = 2, .slice_timeout = 0.2s});

    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 9);
    CHECK(report.failures()[0].status == SliceStatus::timed_out);
    CHECK(report.failures()[0].attempts == 2);
    check_all_right_but(input, output, 9);
}

TEST_CASE("a crash in a group of neighbouring slices along x costs the one slice", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a crash in a group");
    const auto input = numbered_volume<float>({6, 7, 50});
    const auto output = constant_volume<float>({6, 7, 50}, 0);

    const Report report = process_slices(input, output,
                                         [](SliceView<const float> in, SliceView<float> out) {
                                             if (in(0, 0) == pixel_at<float>(0, 0, 21)) std::abort();
                                             out = 2 * in;
                                         },
                                         {.axis = 2, .n_jobs = 2});

    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 21);
    CHECK(report.failures()[0].attempts == 3);
    for (std::int64_t index = 0; index < 50; ++index) {
        if (index == 21)
            CHECK(output.slice(2, index).isNaN().all());
        else
            CHECK((output.slice(2, index) == 2 * input.slice(2, index)).all());
    }
}

TEST_CASE("a function that kills every worker at once ends the run with a reason instead of a crash loop", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run without survivors");
    const auto input = numbered_volume<float>({500, 2, 3});
    const auto output = constant_volume<float>({500, 2, 3}, 0);
    // As many deaths as by default, in a window that a loaded machine keeps too.
    const Report report = process_slices(input, output, [](SliceView<const float>, SliceView<float>) { std::abort(); },
                                         {.n_jobs = 2, .restart_intensity = RestartIntensity{100, 60s}});
    CHECK_FALSE(report.ok());
    CHECK(report.gave_up.find("workers died within") != std::string::npos);
    CHECK(report.count(SliceStatus::not_run) > 0);
    CHECK(output.slice(0, 499).isNaN().all());
}

TEST_CASE("kill -9 of workers from outside, again and again, loses no slice", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run under kill -9");
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const Shape shape{300, 8, 64};
    const auto input = numbered_volume<float>(shape);
    const auto output = constant_volume<float>(shape, 0);
    const SharedCounters pids(64);
    const SharedCounters next(1);

    std::jthread killer([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
            const auto known = static_cast<unsigned>(next[0].load() % 64);
            if (known == 0) continue;
            if (const std::int64_t pid = pids[random() % known].exchange(0); pid > 0)
                kill(static_cast<pid_t>(pid), SIGKILL);
        }
    });
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             // One seat a process: its number is taken back before it could belong to somebody else.
                                             thread_local const std::size_t seat =
                                                 static_cast<std::size_t>(next[0]++) % 64;
                                             pids[seat] = getpid();
                                             std::this_thread::sleep_for(1ms);
                                             out = 2 * in;
                                             pids[seat] = 0;
                                         },
                                         {.n_jobs = 2, .max_attempts = 100});
    killer.request_stop();
    killer.join();

    CHECK(report.ok());
    CHECK(report.retries() > 0);
    for (std::int64_t i = 0; i < shape.count(); ++i) REQUIRE(output.data()[i] == 2 * input.data()[i]);
}

TEST_CASE("a pool goes on after its workers and its template were killed while idle", "[crash][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the pool that was killed while idle");
    Pool pool({.n_jobs = 2});
    const auto input = numbered_volume<float>(kShape);
    const auto copy = [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; };
    for (int round = 0; round < 3; ++round) {
        const auto output = constant_volume<float>(kShape, 0);
        const Report report = pool.process_slices(input, output, copy);
        CHECK(report.ok());
        check_all_right_but(input, output, -1);
        for (const long pid : Leftovers::children()) kill(static_cast<pid_t>(pid), SIGKILL);
    }
}
