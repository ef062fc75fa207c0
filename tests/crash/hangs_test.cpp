// Workers that do not end their slice: the deadline gets them, whatever they are doing or refuse to hear.
// What deadlines mean for slices that are only slow is in death_test.cpp and the supervision tests.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include <unistd.h>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

/// Of "after 0.5 s, 0.4 s of them on a processor" the second number, or -1.
double processor_seconds(const Cause& cause) {
    const auto comma = cause.text.find(", ");
    const bool as_expected =
        comma != std::string::npos && cause.text.find("s of them on a processor") != std::string::npos;
    return as_expected ? std::strtod(cause.text.c_str() + comma + 2, nullptr) : -1;
}

void keep_busy() {
    volatile int turn = 0;
    while (turn >= 0) turn = 1;
}

void sleep_for_ever() {
    while (true) std::this_thread::sleep_for(1h);
}

}  // namespace

TEST_CASE("a timeout tells an endless loop from an endless wait by the processor time", "[crash][deadline]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a deadline");
    const bool busy = GENERATE(false, true);
    const MisdeedRun run;
    const Report report = run([busy](SliceView<float>) { busy ? keep_busy() : sleep_for_ever(); }, MisdeedRun::kAlways,
                              {.n_jobs = 2, .max_attempts = 1, .slice_timeout = 0.6s});
    run.check_given_up(report, SliceStatus::timed_out, 1);
    const Cause& cause = MisdeedRun::first_cause(report);
    CAPTURE(cause.text);
    CHECK(cause.text.find("after 0.6 s, ") == 0);
    if (busy)
        CHECK(processor_seconds(cause) > 0);
    else
        CHECK(processor_seconds(cause) == 0);
}

TEST_CASE("a worker that blocks and ignores every signal it can is ended by its deadline all the same",
          "[crash][deadline]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a deaf worker");
    const MisdeedRun run;
    const Report report = run(
        [](SliceView<float>) {
            for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_IGN);
            sigset_t all;
            sigfillset(&all);
            sigprocmask(SIG_SETMASK, &all, nullptr);
            raise(SIGTERM);
            raise(SIGINT);
            sleep_for_ever();
        },
        1, {.n_jobs = 2, .slice_timeout = 0.3s});
    run.check_done_again(report);
    CHECK(MisdeedRun::first_cause(report).kind == SliceStatus::timed_out);
}

TEST_CASE("a worker that changed its signal handlers still crashes when it must", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run(
        [](SliceView<float>) {
            for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_IGN);
            sigset_t all;
            sigfillset(&all);
            sigprocmask(SIG_SETMASK, &all, nullptr);
            std::abort();
        },
        1);
    run.check_done_again(report);
    CHECK(MisdeedRun::first_cause(report).signal == SIGABRT);
}

TEST_CASE("a stopped worker is ended by its deadline", "[crash][deadline]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a stopped worker");
    const MisdeedRun run;
    const Report report = run([](SliceView<float>) { raise(SIGSTOP); }, 1, {.n_jobs = 2, .slice_timeout = 0.3s});
    run.check_done_again(report);
    CHECK(MisdeedRun::first_cause(report).kind == SliceStatus::timed_out);
    CHECK(processor_seconds(MisdeedRun::first_cause(report)) == 0);
}

TEST_CASE("without a deadline a stopped worker holds up its slice until it is let go on", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a stopped worker");
    const SharedCounters pid(1);
    std::jthread waker([&] {
        while (pid[0] == 0 || process_facts(std::to_string(pid[0].load())).state != 'T')
            std::this_thread::sleep_for(1ms);
        kill(static_cast<pid_t>(pid[0]), SIGCONT);
    });
    const MisdeedRun run;
    const Report report = run(
        [&pid](SliceView<float>) {
            pid[0] = getpid();
            raise(SIGSTOP);
        },
        1);
    waker.join();
    CHECK(report.ok());
    CHECK(report.retries() == 0);
    CHECK(report.deaths() == 0);
    run.check_pixels();
}

TEST_CASE("a worker stopped between two slices does not hold up the end of the run", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a worker stopped outside its slices", 60);
    const SharedCounters flags(2);
    std::atomic<std::int64_t>& stopped = flags[0];
    std::atomic<std::int64_t>& other_began = flags[1];
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto output = constant_volume<float>({12, 5, 40}, 0);
    const Report report =
        process_slices(input, output,
                       [&](SliceView<const float> in, SliceView<float> out) {
                           out = in;
                           if (current_slice() == 0) {  // its worker stops when it has nothing left to do
                               while (other_began == 0) std::this_thread::sleep_for(1ms);
                               std::thread([&] {
                                   std::this_thread::sleep_for(200ms);
                                   stopped = 1;
                                   raise(SIGSTOP);
                               }).detach();
                           }
                           if (current_slice() == 1) {
                               other_began = 1;
                               while (stopped == 0) std::this_thread::sleep_for(1ms);
                               std::this_thread::sleep_for(100ms);
                           }
                       },
                       {.n_jobs = 2});
    CHECK(report.ok());
    CHECK(report.retries() == 0);
    REQUIRE(report.deaths() == 1);
    CHECK(differing_pixels(input, output) == 0);
    for (const WorkerLife& life : report.workers)
        if (life.death_seconds >= 0)
            CHECK(describe(life.cause) == "crashed(SIGKILL): it did not leave the run when nothing was left to do");
}
