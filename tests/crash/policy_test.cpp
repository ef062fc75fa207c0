// What the options promise about failures, kept with real deaths: limits on workers and on deaths, fills, attempts.
// Which numbers the policies choose is in the supervision tests; exceptions alone are in the contract tests.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

std::int64_t retired(const Report& report) {
    std::int64_t count = 0;
    for (const WorkerLife& life : report.workers) count += life.retired ? 1 : 0;
    return count;
}

std::int64_t slices_done(const Report& report) {
    std::int64_t slices = 0;
    for (const WorkerLife& life : report.workers) slices += life.slices_done;
    return slices;
}

/// Keeps memory that only this process has.
void leak(std::size_t bytes) {
    static std::vector<std::vector<char>> kept;
    kept.emplace_back(bytes, 'x');
}

void sleep_for_ever() {
    while (true) std::this_thread::sleep_for(1h);
}

[[noreturn]] void crash() {
    raise(SIGSEGV);
    std::abort();
}

}  // namespace

TEST_CASE("a worker makes room for another after its number of slices, and nothing is lost", "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with short-lived workers");
    const std::int64_t most = GENERATE(1, 5);
    const int axis = GENERATE(0, 1);
    const auto input = numbered_volume<float>({23, 23, 40});
    const auto output = constant_volume<float>({23, 23, 40}, 0);

    const Report report =
        process_slices(input, output, [](SliceView<const float> in, SliceView<float> out) { out = in; },
                       {.axis = axis, .n_jobs = 2, .max_slices_per_worker = most});

    CHECK(report.ok());
    CHECK(report.deaths() == 0);
    CHECK(report.retries() == 0);
    CHECK(differing_pixels(input, output) == 0);
    CHECK(slices_done(report) == 23);
    for (const WorkerLife& life : report.workers) {
        CHECK(life.slices_done <= most);
        if (life.retired) CHECK(life.slices_done == most);
        if (life.retired) CHECK(life.slice == -1);
    }
    // Two may have been short of their number when the slices were all done.
    CHECK(retired(report) >= 23 / most - 2);
}

TEST_CASE("on a pool a worker's slices are counted over all runs", "[crash][policy][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the pool with short-lived workers");
    Pool pool({.n_jobs = 2});
    const auto input = numbered_volume<float>({6, 3, 7});
    const auto copy = [](SliceView<const float> in, SliceView<float> out) { out = in; };
    std::map<std::pair<int, std::int64_t>, std::int64_t> slices_of;  // by slot and incarnation
    std::int64_t retirements = 0;
    for (int round = 0; round < 6; ++round) {
        const auto output = constant_volume<float>({6, 3, 7}, 0);
        const Report report = pool.process_slices(input, output, copy, {.max_slices_per_worker = 4});
        CHECK(report.ok());
        CHECK(report.deaths() == 0);
        CHECK(differing_pixels(input, output) == 0);
        retirements += retired(report);
        for (const WorkerLife& life : report.workers) slices_of[{life.slot, life.incarnation}] += life.slices_done;
    }
    for (const auto& [worker, slices] : slices_of) {
        INFO("slot " << worker.first << ", incarnation " << worker.second);
        CHECK(slices <= 4);
    }
    CHECK(retirements >= 36 / 4 - 2);
}

TEST_CASE("a worker that keeps too much memory to itself is replaced after its slice, and nothing is lost",
          "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with leaking workers");
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto output = constant_volume<float>({12, 5, 40}, 0);
    const Report report = process_slices(input, output,
                                         [](SliceView<const float> in, SliceView<float> out) {
                                             leak(8 * kMebibyte);
                                             out = in;
                                         },
                                         {.n_jobs = 1, .max_private_memory_per_worker = 20 * kMebibyte});
    CHECK(report.ok());
    CHECK(report.deaths() == 0);
    CHECK(report.retries() == 0);
    CHECK(differing_pixels(input, output) == 0);
    for (const WorkerLife& life : report.workers) CHECK(life.slices_done <= 3);
    CHECK(retired(report) >= 12 / 3 - 1);
}

#if !SLICEPOOL_ADDRESS_SANITIZER
namespace {

std::int64_t sum_of_pages(const std::vector<char>& block) {
    std::int64_t sum = 0;
    for (std::size_t at = 0; at < block.size(); at += 4096) sum += block[at];
    return sum;
}

/// A run of one worker over 48 MiB of input and output each, where 24 MiB of its own would be too much.
/// `fresh_output`: nobody has touched the output before. `heap_bytes`: of the host, inherited and not written.
Report run_over_much_memory(bool fresh_output, std::size_t heap_bytes) {
    const Shape shape{12, 1024, 1024};
    const auto input = numbered_volume<float>(shape);
    release_unused_memory();
    const auto output = fresh_output ? Volume<float>::create(shape) : constant_volume<float>(shape, 0);
    const std::vector<char> heap(heap_bytes, 'y');
    const std::int64_t sum = sum_of_pages(heap);
    Report report = process_slices(input, output,
                                   [&](SliceView<const float> in, SliceView<float> out) {
                                       if (sum_of_pages(heap) != sum) throw std::runtime_error("the heap");
                                       out = in;
                                   },
                                   {.n_jobs = 1, .max_private_memory_per_worker = 24 * kMebibyte});
    CHECK(report.ok());
    CHECK(std::equal(input.data(), input.data() + shape.count(), output.data()));
    return report;
}

}  // namespace
#endif

TEST_CASE("pages of volumes, and the host's memory, are not held against a worker", "[crash][policy]") {
#if SLICEPOOL_ADDRESS_SANITIZER
    WARN("skipped: the address sanitizer keeps memory of its own in every process");
#else
    const LeavesNothing promise;
    const Watchdog watchdog("the run with large slices");
    Report report;
    SECTION("output that the host has written") { report = run_over_much_memory(false, 1); }
    SECTION("output that nobody else has touched") { report = run_over_much_memory(true, 1); }
    SECTION("output that nobody else has touched, and a host with much memory of its own") {
        report = run_over_much_memory(true, 48 * kMebibyte);
    }
    SECTION("a host with much memory of its own") { report = run_over_much_memory(false, 48 * kMebibyte); }
    CHECK(retired(report) == 0);
    CHECK(report.workers.size() == 1);
#endif
}

TEST_CASE("more deaths than allowed end the run with the reason, and the rest was not run", "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run to be given up");
    const int deaths = GENERATE(0, 3);
    const auto input = numbered_volume<float>({100, 2, 3});
    const auto output = constant_volume<float>({100, 2, 3}, 0);
    const Report report =
        process_slices(input, output, [](SliceView<const float>, SliceView<float>) { crash(); },
                       {.n_jobs = 2, .max_attempts = 50, .restart_intensity = RestartIntensity{deaths, 60s}});
    CHECK_FALSE(report.ok());
    CHECK(report.gave_up.find(" workers died within 60 s without completing a slice") != std::string::npos);
    CHECK(report.deaths() > deaths);
    CHECK(report.deaths() <= deaths + 2);  // the other worker may have died at the same time
    CHECK(report.count(SliceStatus::crashed) + report.count(SliceStatus::not_run) == 100);
    CHECK(report.count(SliceStatus::not_run) >= 100 - report.deaths());
    for (const std::int64_t index : {0, 50, 99}) CHECK(output.slice(0, index).isNaN().all());
}

TEST_CASE("a slice may crash as often as the options allow", "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with many crashes");
    constexpr int kCrashes = 25;  // twice what would be a crash loop by default
    const MisdeedRun run;
    const Report report =
        run([](SliceView<float>) { crash(); }, kCrashes,
            {.n_jobs = 1, .max_attempts = kCrashes + 1, .restart_intensity = RestartIntensity{2 * kCrashes, 60s}});
    CHECK(report.ok());
    CHECK(report.gave_up == "");
    CHECK(report.deaths() == kCrashes);
    CHECK(report.slices[MisdeedRun::kAtFault].attempts == kCrashes + 1);
    run.check_pixels();
}

TEST_CASE("on_failure abort ends the run when a slice that crashes is given up", "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run to be aborted");
    const auto input = numbered_volume<float>({200, 3, 4});
    const auto output = constant_volume<float>({200, 3, 4}, 0);
    const Report report = process_slices(input, output,
                                         [](SliceView<const float> in, SliceView<float> out) {
                                             out.setConstant(99.0F);
                                             if (current_slice() == 7) crash();
                                             std::this_thread::sleep_for(1ms);
                                             out = 2 * in;
                                         },
                                         {.n_jobs = 2, .max_attempts = 1, .on_failure = OnFailure::abort});
    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 7);
    CHECK(report.failures()[0].status == SliceStatus::crashed);
    CHECK(report.gave_up == "");
    CHECK(report.count(SliceStatus::not_run) > 0);
    CHECK(report.count(SliceStatus::done) + report.count(SliceStatus::not_run) == 199);
    for (const SliceOutcome& slice : report.slices) {
        INFO("slice " << slice.index);
        if (slice.status == SliceStatus::done)
            CHECK((output.slice(0, slice.index) == 2 * input.slice(0, slice.index)).all());
        else
            CHECK(output.slice(0, slice.index).isNaN().all());
    }
}

TEST_CASE("on_failure finish collects failures of every kind, lowest index first whichever came first",
          "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with many failures");
    const SharedCounters nine_failed(1);
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto output = constant_volume<float>({12, 5, 40}, 0);
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             out.setConstant(99.0F);
                                             switch (current_slice()) {
                                                 case 1:
                                                     while (nine_failed[0] == 0) std::this_thread::sleep_for(1ms);
                                                     crash();
                                                 case 4: std::exit(3);
                                                 case 6: throw std::runtime_error("no beam");
                                                 case 9: nine_failed[0] = 1; crash();
                                                 case 11: sleep_for_ever(); break;
                                                 default: out = 2 * in;
                                             }
                                         },
                                         {.n_jobs = 2, .max_attempts = 1, .slice_timeout = 0.5s});
    std::vector<std::pair<std::int64_t, std::string>> found;
    for (const SliceOutcome& failure : report.failures())
        found.emplace_back(failure.index, describe(failure.causes.at(0)));
    REQUIRE(found.size() == 5);
    CHECK(found[0] == std::pair<std::int64_t, std::string>(1, "crashed(SIGSEGV)"));
    CHECK(found[1] == std::pair<std::int64_t, std::string>(4, "crashed(exit 3)"));
    CHECK(found[2] == std::pair<std::int64_t, std::string>(6, "failed(no beam)"));
    CHECK(found[3] == std::pair<std::int64_t, std::string>(9, "crashed(SIGSEGV)"));
    CHECK(found[4].first == 11);
    CHECK(found[4].second.find("timed_out after 0.5 s") == 0);
    for (std::int64_t index = 0; index < 12; ++index) {
        const SliceStatus status = report.slices[static_cast<std::size_t>(index)].status;
        if (status == SliceStatus::done)
            CHECK((output.slice(0, index) == 2 * input.slice(0, index)).all());
        else
            CHECK(output.slice(0, index).isNaN().all());
    }
    try {
        report.raise();
        FAIL("nothing was thrown");
    } catch (const SliceError& error) {
        CHECK(std::string(error.what()) == "slice 1: crashed(SIGSEGV) (after 1 attempt)");
    }
}

TEST_CASE("a slice torn by a crash or a deadline is never seen, whatever takes its place", "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a torn slice");
    const int axis = GENERATE(0, 1, 2);
    const bool by_deadline = GENERATE(false, true);
    const auto input = numbered_volume<float>({9, 9, 9});
    const auto output = constant_volume<float>({9, 9, 9}, 0);
    const auto tear_slice_four = [by_deadline](SliceView<const float> in, SliceView<float> out) {
        out.topRows(5).setConstant(99.0F);
        if (current_slice() == 4) by_deadline ? sleep_for_ever() : crash();
        out = 2 * in;
    };
    Options options{.axis = axis, .n_jobs = 2, .max_attempts = by_deadline ? 1 : 2};
    if (by_deadline) options.slice_timeout = 0.05s;
    const auto torn_slice = [&] {
        // Others may be late as well on a busy machine; they are tried as often.
        const Report report = process_slices(input, output, tear_slice_four, options);
        CHECK(report.slices[4].status == (by_deadline ? SliceStatus::timed_out : SliceStatus::crashed));
        for (std::int64_t index = 0; index < 9; ++index)
            if (report.slices[static_cast<std::size_t>(index)].status == SliceStatus::done)
                CHECK((output.slice(axis, index) == 2 * input.slice(axis, index)).all());
        return output.slice(axis, 4);
    };

    SECTION("NaN") { CHECK(torn_slice().isNaN().all()); }
    SECTION("zero") {
        options.fill = Fill::zero();
        CHECK((torn_slice() == 0).all());
    }
    SECTION("a value") {
        options.fill = Fill::value(-2.5);
        CHECK((torn_slice() == -2.5F).all());
    }
    SECTION("the input") {
        options.fill = Fill::copy_input();
        CHECK((torn_slice() == input.slice(axis, 4)).all());
    }
}

TEST_CASE("attempts that fail in different ways are told in order, and an exception is the last", "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with several causes");
    const bool ends_well = GENERATE(true, false);
    const SharedCounters attempt(1);
    const MisdeedRun run;
    const Report report = run(
        [&attempt, ends_well](SliceView<float>) {
            switch (++attempt[0]) {
                case 1: crash();
                case 2: sleep_for_ever(); break;
                case 3: std::exit(3);
                default:
                    if (!ends_well) throw std::runtime_error("no beam");
            }
        },
        MisdeedRun::kAlways, {.n_jobs = 2, .max_attempts = 6, .slice_timeout = 0.3s});
    const SliceOutcome& slice = report.slices[MisdeedRun::kAtFault];
    REQUIRE(slice.causes.size() == (ends_well ? 3 : 4));
    CHECK(describe(slice.causes[0]) == "crashed(SIGSEGV)");
    CHECK(describe(slice.causes[1]).find("timed_out after 0.3 s") == 0);
    CHECK(describe(slice.causes[2]) == "crashed(exit 3)");
    if (!ends_well) CHECK(describe(slice.causes[3]) == "failed(no beam)");
    CHECK(slice.attempts == 4);
    CHECK(attempt[0] == 4);
    CHECK(slice.status == (ends_well ? SliceStatus::done : SliceStatus::failed));
    CHECK(report.deaths() == 3);
    run.check_pixels(!ends_well);
}

TEST_CASE("a crash in the last slice, when all others are finished, is like any other", "[crash][policy]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run whose last slice crashes");
    const int jobs = GENERATE(1, 2, 3);
    const bool every_time = GENERATE(false, true);
    const SharedCounters finished(1);
    const SharedCounters tries(1);
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto output = constant_volume<float>({12, 5, 40}, 0);
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             out.setConstant(99.0F);
                                             if (current_slice() == 11) {
                                                 while (finished[0] < 11) std::this_thread::sleep_for(1ms);
                                                 std::this_thread::sleep_for(10ms);  // the others have left
                                                 if (tries[0]++ == 0 || every_time) crash();
                                             }
                                             out = 2 * in;
                                             if (current_slice() != 11) ++finished[0];
                                         },
                                         {.n_jobs = jobs});
    CHECK(report.ok() != every_time);
    CHECK(report.gave_up == "");
    CHECK(report.count(SliceStatus::done) == (every_time ? 11 : 12));
    CHECK(report.slices[11].attempts == (every_time ? 3 : 2));
    CHECK(report.deaths() == (every_time ? 3 : 1));
    for (std::int64_t index = 0; index < 12; ++index) {
        INFO("slice " << index);
        if (every_time && index == 11)
            CHECK(output.slice(0, index).isNaN().all());
        else
            CHECK((output.slice(0, index) == 2 * input.slice(0, index)).all());
    }
}
