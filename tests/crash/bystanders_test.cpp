// What one slice or worker does must not cost the others: not by their neighbourhood, not by the order of things.

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <slicepool/io/output.hpp>

#include "crash/misdeed_run.hpp"
#include "support/every_backend.hpp"
#include "support/leaves_nothing.hpp"
#include "support/messages.hpp"
#include "support/shared_counters.hpp"
#include "support/temporary_directory.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

constexpr Shape kShape{40, 5, 40};

/// Slices `first` to `last` kill their worker the first `times` they are tried.
auto bad_block(const SharedCounters& tries, std::int64_t first, std::int64_t last, std::int64_t times) {
    return [&tries, first, last, times](SliceView<const float> in, SliceView<float> out) {
        const std::int64_t slice = current_slice();
        if (slice >= first && slice <= last && tries[static_cast<std::size_t>(slice)]++ < times) std::raise(SIGKILL);
        out = 2 * in;
    };
}

/// The pid of the one worker of a pool.
pid_t only_worker(Pool& pool) {
    return pool.parallel([](int) { return getpid(); }, range(1)).at(0);
}

}  // namespace

TEST_CASE("a block of slices that crash once is no crash loop: all are done in the end", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a bad block");
    const SharedCounters tries(40);
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);
    const Report report = process_slices(input, output, bad_block(tries, 10, 30, 1), {.n_jobs = 2});
    CHECK(report.gave_up == "");
    CHECK(report.ok());
    CHECK(report.deaths() == 21);
    CHECK(differing_pixels(constant_volume<float>(kShape, 0), output) > 0);
    for (std::int64_t z = 0; z < 40; ++z) CHECK((output.slice(0, z) == 2 * input.slice(0, z)).all());
}

TEST_CASE("a block of slices that crash every time costs no other slice", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a hopeless block");
    const SharedCounters tries(40);
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);
    const Report report = process_slices(input, output, bad_block(tries, 10, 30, 1000), {.n_jobs = 2});
    CHECK(report.gave_up == "");
    CHECK(report.failures().size() == 21);
    CHECK(report.count(SliceStatus::done) == 19);
}

TEST_CASE("a slice that crashes more often than a crash loop is done when the options allow it",
          "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with many crashes of one slice");
    const MisdeedRun run;
    const Report report = run([](SliceView<float>) { std::raise(SIGKILL); }, 15, {.n_jobs = 2, .max_attempts = 20});
    CHECK(report.ok());
    CHECK(report.slices[MisdeedRun::kAtFault].attempts == 16);
}

TEST_CASE("descriptors closed in one slice cost neither that slice nor the ones after it", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with closed descriptors");
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto output = constant_volume<float>({12, 5, 40}, 0);
    const bool in_every_slice = GENERATE(false, true);
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             if (in_every_slice || current_slice() == 1)
                                                 for (int fd = 3; fd < 1024; ++fd) close(fd);
                                             std::this_thread::sleep_for(150ms);
                                             out = 2 * in;
                                         },
                                         {.n_jobs = 2, .max_attempts = 1});
    CHECK(report.ok());
    CHECK(report.deaths() == 0);
    CHECK(report.workers.size() >= 3);  // replaced in order
    for (std::int64_t z = 0; z < 12; ++z) CHECK((output.slice(0, z) == 2 * input.slice(0, z)).all());
}

TEST_CASE("nothing of ours is written into a file that took the number of a closed descriptor", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a file of its own");
    const ScratchDirectory directory;
    const std::string path = (directory.path() / "own").native();
    const auto input = numbered_volume<float>({6, 5, 40});
    const auto output = constant_volume<float>({6, 5, 40}, 0);
    const Report report =
        process_slices(input, output,
                       [&](SliceView<const float> in, SliceView<float> out) {
                           if (current_slice() == 0) {
                               for (int fd = 3; fd < 1024; ++fd) close(fd);
                               for (int taken = 3; taken < 64;)  // every number that we might still believe is ours
                                   taken = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
                           }
                           out = 2 * in;
                       },
                       {.n_jobs = 1});
    CHECK(report.count(SliceStatus::done) == 6);
    CHECK(std::filesystem::file_size(path) == 0);
}

TEST_CASE("writing to a mapped file that is not the run's output is a crash, and the file stays as it was",
          "[crash][bystanders][isolation]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run that writes to another file");
    const ScratchDirectory directory;
    const io::OutputFile other =
        io::OutputFile::create((directory.path() / "other.npy").native(), DType::f32, Shape{2, 3, 4});
    const Volume<float> bystander(other.volume());
    bystander(0, 0, 0) = 5;
    float* const pixel = bystander.data();
    const MisdeedRun run;
    run.check_done_again(run([pixel](SliceView<float>) { *pixel = 77; }, 1));
    CHECK(bystander(0, 0, 0) == 5);
}

TEST_CASE("a run whose output is a mapped file writes to it from workers that inherited it", "[crash][bystanders]") {
    const ScratchDirectory directory;
    const io::OutputFile file =
        io::OutputFile::create((directory.path() / "out.npy").native(), DType::f32, Shape{4, 3, 4});
    const Volume<float> output(file.volume());
    const auto input = numbered_volume<float>({4, 3, 4});
    CHECK(process_slices(input, output, [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; },
                         {.n_jobs = 2})
              .ok());
    CHECK(output(3, 2, 3) == 2 * input(3, 2, 3));
}

TEST_CASE("a worker that was stopped before it began is ended by the deadline of a slice", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a stopped worker");
    Pool pool({.n_jobs = 1});
    kill(only_worker(pool), SIGSTOP);
    const auto input = numbered_volume<float>({6, 5, 40});
    const auto output = constant_volume<float>({6, 5, 40}, 0);
    const Report report =
        pool.process_slices(input, output, [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; },
                            {.max_attempts = 1, .slice_timeout = 100ms});
    CHECK(report.ok());
    REQUIRE(report.deaths() == 1);
    CHECK(missing_in(describe(report.workers.at(0).cause), {"SIGKILL", "it stood still between two slices"}) == "");
}

TEST_CASE("workers that wait for others, or for a slow group, are not taken for stopped", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with waiting workers");
    const auto input = numbered_volume<float>({3, 5, 40});
    const auto output = constant_volume<float>({3, 5, 40}, 0);

    // The others wait three times as long as the limit.
    const SharedCounters attempts(1);
    const Report waiting = process_slices(input, output,
                                          [&](SliceView<const float> in, SliceView<float> out) {
                                              while (current_slice() == 0 && attempts[0] != 3) {
                                                  ++attempts[0];
                                                  std::this_thread::sleep_for(1h);
                                              }
                                              out = 2 * in;
                                          },
                                          {.n_jobs = 3, .max_attempts = 4, .slice_timeout = 1200ms});
    CHECK(waiting.ok());
    CHECK(waiting.deaths() == 3);
    for (const WorkerLife& life : waiting.workers)
        if (life.death_seconds >= 0) {
            CAPTURE(life.slot, life.birth_seconds, life.death_seconds, describe(life.cause));
            CHECK(life.slice == 0);
        }

    // Sixteen slices make a group, which takes longer than the limit of one.
    const Report slow = process_slices(input, output,
                                       [](SliceView<const float> in, SliceView<float> out) {
                                           std::this_thread::sleep_for(100ms);
                                           out = 2 * in;
                                       },
                                       {.axis = 2, .n_jobs = 3, .slice_timeout = 1s});
    CHECK(slow.ok());
    CHECK(slow.deaths() == 0);
}

TEST_CASE("after a stop slices under way get their grace, and what hangs beyond it is killed and not run",
          "[crash][bystanders][stop]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run that is to end");
    const auto input = numbered_volume<float>({20, 5, 40});
    const auto output = constant_volume<float>({20, 5, 40}, 0);
    const SharedCounters begun(1);
    std::stop_source source;
    std::jthread stopper([&] {
        while (begun[0] < 2) std::this_thread::sleep_for(1ms);
        source.request_stop();
    });
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             ++begun[0];
                                             while (current_slice() == 0) std::this_thread::sleep_for(1ms);
                                             std::this_thread::sleep_for(50ms);
                                             out = 2 * in;
                                         },
                                         {.n_jobs = 2, .stop_token = source.get_token(), .stop_grace = 2s});
    CHECK(report.interrupted);
    CHECK(report.slices[0].status == SliceStatus::not_run);
    CHECK(report.slices[0].causes.empty());
    CHECK(report.slices[1].status == SliceStatus::done);
    CHECK(report.failures().empty());
    CHECK(output.slice(0, 0).isNaN().all());
}

TEST_CASE("workers of a slot are numbered in their order, from 1", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with replacements");
    const MisdeedRun run;
    const Report report = run([](SliceView<float>) { std::raise(SIGKILL); }, 2, {.n_jobs = 3});
    REQUIRE(report.deaths() == 2);
    std::vector<std::int64_t> workers_of(3);
    for (const WorkerLife& life : report.workers)  // in order of birth
        CHECK(life.incarnation == ++workers_of[static_cast<std::size_t>(life.slot)]);
    CHECK(workers_of[0] + workers_of[1] + workers_of[2] == 5);
}

TEST_CASE("times of a run count what the dead have done", "[crash][bystanders]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with times");
    const MisdeedRun run;
    const Report report = run(
        [](SliceView<float>) {
            const auto wall = std::chrono::steady_clock::now() + 300ms;
            const std::clock_t cpu = std::clock() + CLOCKS_PER_SEC / 5;
            while (std::chrono::steady_clock::now() < wall || std::clock() < cpu) {
            }
            std::abort();
        },
        1);
    CHECK(report.ok());
    CHECK(report.cpu_seconds > 0.19);
    CHECK(report.startup_seconds < report.wall_seconds - 0.25);
}
