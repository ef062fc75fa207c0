// Workers that slip out of the run without dying in it: other programs, closed descriptors, children left behind; and
// those that somebody else ends.

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include <unistd.h>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

/// Forks a process that stays, notes its number and returns in the worker. It ends by itself after a minute.
void leave_a_child(std::atomic<std::int64_t>& pid, bool in_a_session_of_its_own) {
    const pid_t child = fork();
    if (child != 0) {
        while (pid == 0) std::this_thread::sleep_for(1ms);
        return;
    }
    if (in_a_session_of_its_own) setsid();
    alarm(60);
    pid = getpid();
    while (true) pause();
}

const std::string kLeft =
    "crashed(SIGKILL): it left the run: it executed another program, or closed the descriptors it found";

}  // namespace

TEST_CASE("a worker that executes another program is replaced, however long the program runs", "[crash][escape]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with another program");
    const MisdeedRun run;
    const Report report = run([](SliceView<float>) { execl("/bin/sleep", "sleep", "1000", nullptr); }, 1);
    run.check_done_again(report);
    CHECK(describe(MisdeedRun::first_cause(report)) == kLeft);
}

TEST_CASE("a worker that executes another program which succeeds at once has not done its slice", "[crash][escape]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run([](SliceView<float>) { execl("/bin/sh", "sh", "-c", "exit 0", nullptr); }, 1);
    run.check_done_again(report);
    CHECK(describe(MisdeedRun::first_cause(report)) == "crashed(exit 0)");
}

TEST_CASE("a function may run another program in a child and wait for it", "[crash][escape]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run(
        [](SliceView<float>) {
            if (std::system("sleep 0.3; exit 7") != 7 << 8) std::abort();
        },
        1);
    CHECK(report.ok());
    CHECK(report.deaths() == 0);
    run.check_pixels();
}

TEST_CASE("a worker that closes the descriptors it finds and stays away is replaced", "[crash][escape]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with closed descriptors");
    const MisdeedRun run;
    const Report report = run(
        [](SliceView<float>) {
            for (int fd = 3; fd < 1024; ++fd) close(fd);
            while (true) std::this_thread::sleep_for(1h);
        },
        1);
    run.check_done_again(report);
    CHECK(describe(MisdeedRun::first_cause(report)) == kLeft);
}

TEST_CASE("a worker that closes the descriptors it finds and goes on does no harm, in this run and the next",
          "[crash][escape][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the runs with closed descriptors");
    const bool standard_ones_too = GENERATE(false, true);
    Pool pool({.n_jobs = 2});
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto close_and_double = [standard_ones_too](SliceView<const float> in, SliceView<float> out) {
        for (int fd = standard_ones_too ? 0 : 3; fd < 1024; ++fd) close(fd);
        std::this_thread::sleep_for(5ms);
        out = 2 * in;
    };
    for (int round = 0; round < 3; ++round) {
        const auto output = constant_volume<float>({12, 5, 40}, 0);
        const Report report = pool.process_slices(input, output, close_and_double);
        CHECK(report.ok());
        for (std::int64_t index = 0; index < 12; ++index)
            CHECK((output.slice(0, index) == 2 * input.slice(0, index)).all());
    }
}

TEST_CASE("a worker's child that lives on is gone after the worker's crash, or at the latest after the run",
          "[crash][escape]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a child left behind");
    const bool crashes = GENERATE(true, false);
    const SharedCounters pid(1);
    const MisdeedRun run;
    const Report report = run(
        [&pid, crashes](SliceView<float>) {
            leave_a_child(pid[0], false);
            if (crashes) std::abort();
        },
        1);
    REQUIRE(pid[0] > 0);
    wait_for_end_of(pid[0]);
    if (crashes) {
        run.check_done_again(report);
    } else {
        CHECK(report.ok());
        CHECK(report.deaths() == 0);
        run.check_pixels();
    }
}

TEST_CASE("on a pool the child of a worker that crashed does not live until the pool's end", "[crash][escape][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the pool with a child left behind");
    const bool by_deadline = GENERATE(false, true);
    const SharedCounters pid(1);
    Pool pool({.n_jobs = 2});
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto output = constant_volume<float>({12, 5, 40}, 0);
    std::atomic<std::int64_t>* const child = &pid[0];
    const Report report = pool.process_slices(input, output,
                                              [child, by_deadline](SliceView<const float> in, SliceView<float> out) {
                                                  if (current_slice() == 4 && *child == 0) {
                                                      leave_a_child(*child, false);
                                                      while (by_deadline) std::this_thread::sleep_for(1h);
                                                      std::abort();
                                                  }
                                                  out = in;
                                              },
                                              {.slice_timeout = 0.5s});
    CHECK(report.ok());
    CHECK(report.deaths() == 1);
    REQUIRE(pid[0] > 0);
    wait_for_end_of(pid[0]);
    CHECK(differing_pixels(input, output) == 0);
}

TEST_CASE("a death is noticed although a child of the dead holds everything it had open", "[crash][escape]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a child that holds on", 30);
    const SharedCounters pid(1);
    const MisdeedRun run;
    const Report report = run(
        [&pid](SliceView<float>) {
            leave_a_child(pid[0], true);  // out of reach: a session of its own
            const char words[] = "last words\n";
            if (write(STDERR_FILENO, words, sizeof words - 1) > 0) std::abort();
        },
        1);
    REQUIRE(pid[0] > 0);
    CHECK(is_running(static_cast<long>(pid[0])));
    kill(static_cast<pid_t>(pid[0]), SIGKILL);
    wait_for_end_of(pid[0]);
    run.check_done_again(report);
    CHECK(describe(MisdeedRun::first_cause(report)) == "crashed(SIGABRT)");
    CHECK(MisdeedRun::first_cause(report).stderr_tail == "last words");
}

TEST_CASE("a worker that somebody kills reads as killed from outside", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a killed worker");
    const SharedCounters pid(1);
    std::jthread killer([&] {
        while (pid[0] == 0) std::this_thread::sleep_for(1ms);
        kill(static_cast<pid_t>(pid[0]), SIGKILL);
    });
    const MisdeedRun run;
    const Report report = run(
        [&pid](SliceView<float>) {
            pid[0] = getpid();
            while (true) std::this_thread::sleep_for(1h);
        },
        1);
    killer.join();
    run.check_done_again(report);
    CHECK(describe(MisdeedRun::first_cause(report)) == "crashed(SIGKILL): killed from outside");
}

TEST_CASE("when memory runs out the system takes a worker before the host", "[crash]") {
    const LeavesNothing promise;
    const auto score = [] {
        int adjustment = -1;
        std::ifstream("/proc/self/oom_score_adj") >> adjustment;
        return adjustment;
    };
    const int score_of_host = score();
    const SharedCounters lowest(1);
    lowest[0] = 1000;
    const auto input = numbered_volume<float>({6, 5, 4});
    const auto output = constant_volume<float>({6, 5, 4}, 0);
    process_slices(input, output,
                   [&](SliceView<const float>, SliceView<float>) {
                       if (const int mine = score(); mine < lowest[0]) lowest[0] = mine;
                   },
                   {.n_jobs = 2})
        .raise();
    CHECK(lowest[0] >= 500);
    CHECK(score() == score_of_host);
}
