// Writes that miss the slice: into a neighbour, and into the records that the run keeps for itself.
// The input and other volumes are in isolation_test.cpp.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

constexpr std::int64_t kWholePage = 32;  // 32 x 32 floats are a page

/// Overwrites all memory of this process that is mapped from a memory file of this name.
SLICEPOOL_MISDEED void scribble_over(const std::string& name) {
    std::ifstream maps("/proc/self/maps");
    std::string line;
    while (std::getline(maps, line)) {
        if (line.find("memfd:" + name) == std::string::npos || line.find(" ---") != std::string::npos) continue;
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::istringstream(line) >> std::hex >> begin >> dash >> end;
        for (auto* byte = reinterpret_cast<volatile unsigned char*>(begin);
             byte != reinterpret_cast<volatile unsigned char*>(end); ++byte)
            *byte = 0xA5;
    }
}

SLICEPOOL_MISDEED void write_at(float* start, std::int64_t offset) {
    *static_cast<volatile float*>(start + offset) = -1.0F;
}

}  // namespace

TEST_CASE("with guarded output a write into a neighbour's slice is a crash, and the neighbour is right",
          "[crash][isolation]") {
    const LeavesNothing promise;
    const std::int64_t offset = GENERATE(std::int64_t{-1}, kWholePage * kWholePage, 3 * kWholePage * kWholePage + 5);
    CAPTURE(offset);
    const MisdeedRun run(kWholePage, kWholePage);

    SECTION("once") {
        const Report report = run([offset](SliceView<float> out) { write_at(out.data(), offset); }, 1,
                                  {.n_jobs = 1, .guard_output = true});
        run.check_done_again(report);
        CHECK(MisdeedRun::first_cause(report).signal == SIGSEGV);
    }
    SECTION("in every attempt") {
        const Report report = run([offset](SliceView<float> out) { write_at(out.data(), offset); }, MisdeedRun::kAlways,
                                  {.n_jobs = 2, .guard_output = true});
        run.check_given_up(report, SliceStatus::crashed, 3);
    }
}

TEST_CASE("slices that take their time are guarded without asking, to the last one", "[crash][isolation]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the guarded run");
    const SharedCounters tries(1);
    const auto input = numbered_volume<float>({60, kWholePage, kWholePage});
    const auto output = constant_volume<float>({60, kWholePage, kWholePage}, 0);
    const auto write_back = [&](SliceView<const float> in, SliceView<float> out) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        out = in;
        if (current_slice() == 58 && tries[0]++ == 0) write_at(out.data(), -1);
    };
    const Report report = process_slices(input, output, write_back, {.n_jobs = 2});
    CHECK(report.ok());
    CHECK(report.slices[58].attempts == 2);
    CHECK(differing_pixels(input, output) == 0);
}

TEST_CASE("slices that take less than the guard are not guarded unless asked: a worker gives it up after a trial",
          "[crash][isolation]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run that gives its guard up");
    const std::optional<bool> guard = GENERATE(std::optional<bool>(), std::optional<bool>(true));
    const auto input = numbered_volume<float>({600, kWholePage, kWholePage});
    const auto output = constant_volume<float>({600, kWholePage, kWholePage}, 0);
    const auto write_back = [](SliceView<const float> in, SliceView<float> out) {
        out = in;
        if (current_slice() == 598) write_at(out.data(), -1);
    };
    const Report report = process_slices(input, output, write_back, {.n_jobs = 2, .guard_output = guard});
    CHECK(report.ok() != guard.has_value());
}

TEST_CASE("guarded output is guarded on a pool too, where the volume is younger than the workers",
          "[crash][isolation][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the guarded runs of a pool");
    Pool pool({.n_jobs = 1});
    for (int round = 0; round < 2; ++round) {
        const auto input = numbered_volume<float>({6, kWholePage, kWholePage});
        const auto output = constant_volume<float>({6, kWholePage, kWholePage}, 0);
        const auto write_back = [](SliceView<const float> in, SliceView<float> out) {
            out = in;
            if (current_slice() == 3) write_at(out.data(), -1);
        };
        const Report report = pool.process_slices(input, output, write_back, {.max_attempts = 2, .guard_output = true});
        REQUIRE(report.failures().size() == 1);
        CHECK(report.failures()[0].index == 3);
        CHECK(report.failures()[0].causes[0].signal == SIGSEGV);
        for (const std::int64_t index : {0, 1, 2, 4, 5}) CHECK((output.slice(0, index) == input.slice(0, index)).all());
    }
}

TEST_CASE("without the guard a write into a neighbour's slice is not noticed: that is its price",
          "[crash][isolation]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run without a guard");
    const auto input = numbered_volume<float>({12, kWholePage, kWholePage});
    const auto output = constant_volume<float>({12, kWholePage, kWholePage}, 0);
    const auto write_back = [](SliceView<const float> in, SliceView<float> out) {
        out = in;
        if (current_slice() == 4) write_at(out.data(), -1);
    };
    const Report report = process_slices(input, output, write_back, {.n_jobs = 1, .guard_output = false});
    CHECK(report.ok());
    CHECK(differing_pixels(input, output) == 1);
    CHECK(output(3, kWholePage - 1, kWholePage - 1) == -1.0F);
}

TEST_CASE("with guarded output the run's own records cannot be overwritten by the function", "[crash][isolation]") {
    const LeavesNothing promise;
    const bool whole_pages = GENERATE(true, false);
    const MisdeedRun run(whole_pages ? kWholePage : 5, whole_pages ? kWholePage : 40);
    const Options guarded{.n_jobs = 2, .guard_output = true};

    SECTION("once") {
        const Report report = run([](SliceView<float>) { scribble_over("slicepool-control"); }, 1, guarded);
        run.check_done_again(report);
        CHECK(MisdeedRun::first_cause(report).signal == SIGSEGV);
    }
    SECTION("in every attempt") {
        const Report report =
            run([](SliceView<float>) { scribble_over("slicepool-control"); }, MisdeedRun::kAlways, guarded);
        run.check_given_up(report, SliceStatus::crashed, 3);
    }
}

TEST_CASE("records of crashes that were overwritten mislead nobody but their reader", "[crash][isolation]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const bool dies_at_once = GENERATE(true, false);
    const Report report = run(
        [dies_at_once](SliceView<float>) {
            scribble_over("slicepool-traces");
            if (dies_at_once) raise(SIGKILL);
            std::abort();
        },
        1);
    run.check_done_again(report);
    CHECK(MisdeedRun::first_cause(report).signal == (dies_at_once ? SIGKILL : SIGABRT));
}
