// The supervisor: workers that die are replaced, what they held is settled, and the run ends.
#include "supervision/supervisor.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stop_token>
#include <string>
#include <thread>

#include "supervision/watched_crew.hpp"
#include "support/catch.hpp"
#include "support/leftovers.hpp"
#include "support/messages.hpp"
#include "support/shared_counters.hpp"
#include "support/watchdog.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using namespace std::chrono_literals;
using slicepool::test::WatchedCrew;

namespace {

void die(int signal) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

void wait_for(const std::atomic<std::int64_t>& word) {
    while (word == 0) std::this_thread::sleep_for(1ms);
}

std::int64_t deaths(const WatchFacts& facts) {
    return std::ranges::count_if(facts.lives, [](const WorkerLife& life) { return life.death_seconds >= 0; });
}

void check_counts(const SliceLedger& ledger, std::int64_t waiting, std::int64_t done, std::int64_t failed) {
    const auto counts = ledger.count();
    CHECK(counts.waiting == waiting);
    CHECK(counts.claimed == 0);
    CHECK(counts.done == done);
    CHECK(counts.failed == failed);
}

}  // namespace

TEST_CASE("a run in which nobody dies settles every task, run after run", "[supervision]") {
    const test::Watchdog watchdog("runs without deaths");
    const test::Leftovers leftovers;
    {
        WatchedCrew crew({.workers = 2, .slices = 23}, [](std::int64_t, Owner, int) {});
        for (int run = 0; run < 5; ++run) {
            const test::CrewFacts facts = crew.watch();
            CHECK(facts.causes.empty());
            CHECK(facts.gave_up.empty());
            CHECK_FALSE(facts.interrupted);
            REQUIRE(facts.lives.size() == 2);
            CHECK(facts.lives[0].slot == 0);
            CHECK(facts.lives[1].slot == 1);
            for (const WorkerLife& life : facts.lives) CHECK(life.incarnation == 1);  // the first of their slots
            CHECK(facts.lives[0].pid != facts.lives[1].pid);
            CHECK(facts.lives[0].slices_done + facts.lives[1].slices_done == 23);
            CHECK(deaths(facts) == 0);
            check_counts(crew.ledger(), 0, 23, 0);
        }
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a worker that dies in a slice is replaced and the slice tried again", "[supervision][crash]") {
    const test::Watchdog watchdog("a slice that crashes twice");
    const test::Leftovers leftovers;
    {
        WatchedCrew crew({.workers = 2, .slices = 11}, [](std::int64_t position, Owner, int attempt) {
            if (position == 3 && attempt < 2) die(SIGABRT);
        });
        const test::CrewFacts facts = crew.watch();
        check_counts(crew.ledger(), 0, 11, 0);
        CHECK(crew.ledger().entry(3).attempt == 2);
        REQUIRE(facts.causes.size() == 1);
        REQUIRE(facts.causes.at(3).size() == 2);
        for (const Cause& cause : facts.causes.at(3)) CHECK(describe(cause) == "crashed(SIGABRT)");
        CHECK(deaths(facts) == 2);
        CHECK(facts.lives.size() == 4);
        CHECK(std::ranges::is_sorted(facts.lives, {}, &WorkerLife::incarnation));
        for (const WorkerLife& life : facts.lives) {
            if (life.death_seconds < 0) continue;
            CHECK(life.slice == 3);
            CHECK(life.cause.signal == SIGABRT);
        }
        CHECK(crew.supervisor().pids().size() == 2);
        CHECK(crew.watch().causes.at(3).size() == 2);  // the crew is whole again for the next run
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a slice that kills every worker is given up after max_attempts, the others are done",
          "[supervision][crash]") {
    const test::Watchdog watchdog("a slice that always crashes");
    const int max_attempts = GENERATE(1, 3);
    WatchedCrew crew({.workers = 2, .slices = 9}, [](std::int64_t position, Owner, int) {
        if (position == 4) die(SIGKILL);
    });
    const test::CrewFacts facts = crew.watch({.max_attempts = max_attempts});
    check_counts(crew.ledger(), 0, 8, 1);
    CHECK(crew.records()[4].state == RecordState::closed);
    CHECK(facts.causes.at(4).size() == static_cast<std::size_t>(max_attempts));
    CHECK(facts.gave_up.empty());
}

TEST_CASE("a worker that leaves with code 0 in the middle of a slice has not done it", "[supervision][crash]") {
    const test::Watchdog watchdog("a slice that exits");
    const int code = GENERATE(0, 3);
    WatchedCrew crew({.workers = 1, .slices = 3}, [code](std::int64_t position, Owner, int attempt) {
        if (position == 1 && attempt == 0) std::exit(code);
    });
    const test::CrewFacts facts = crew.watch();
    check_counts(crew.ledger(), 0, 3, 0);
    REQUIRE(facts.causes.at(1).size() == 1);
    CHECK(describe(facts.causes.at(1)[0]) == "crashed(exit " + std::to_string(code) + ")");
}

TEST_CASE("a slice that takes too long is killed, reaped and only then offered again", "[supervision][crash]") {
    const test::Watchdog watchdog("a slice that hangs");
    WatchedCrew crew({.workers = 2, .slices = 5}, [](std::int64_t position, Owner, int attempt) {
        if (position == 2 && attempt == 0)
            while (true) ::pause();
    });
    const test::CrewFacts facts = crew.watch({.slice_timeout = 0.2s});
    check_counts(crew.ledger(), 0, 5, 0);
    REQUIRE(facts.causes.at(2).size() == 1);
    CHECK(facts.causes.at(2)[0].kind == SliceStatus::timed_out);
    CHECK(test::missing_in(describe(facts.causes.at(2)[0]), {"0.2 s"}) == "");
    CHECK(deaths(facts) == 1);
}

TEST_CASE("a stopped worker is no different from one that hangs", "[supervision][crash]") {
    const test::Watchdog watchdog("a stopped worker");
    WatchedCrew crew({.workers = 1, .slices = 3}, [](std::int64_t position, Owner, int attempt) {
        if (position == 1 && attempt == 0) ::raise(SIGSTOP);
    });
    const test::CrewFacts facts = crew.watch({.slice_timeout = 0.2s});
    check_counts(crew.ledger(), 0, 3, 0);
    CHECK(facts.causes.at(1).at(0).kind == SliceStatus::timed_out);
}

TEST_CASE("workers that die before they have done anything end the run, with the reason", "[supervision][crash]") {
    const test::Watchdog watchdog("a crash loop");
    const test::Leftovers leftovers;
    {
        WatchedCrew crew({.workers = 2, .slices = 5, .grouping = {}, .at_birth = [](Owner) { ::_exit(70); }},
                         [](std::int64_t, Owner, int) {});
        const test::CrewFacts facts = crew.watch();
        CHECK(test::missing_in(facts.gave_up, {"workers died"}) == "");
        CHECK(facts.causes.empty());  // no slice is to blame
        check_counts(crew.ledger(), 5, 0, 0);
        CHECK(deaths(facts) > 10);
        CHECK(deaths(facts) < 30);
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("many slices that crash are no crash loop as long as others are done", "[supervision][crash]") {
    const test::Watchdog watchdog("many crashes");
    WatchedCrew crew({.workers = 2, .slices = 60}, [](std::int64_t position, Owner, int attempt) {
        if (position % 2 == 0 && attempt == 0) die(SIGKILL);
    });
    const test::CrewFacts facts = crew.watch();
    CHECK(facts.gave_up.empty());
    CHECK(deaths(facts) == 30);
    check_counts(crew.ledger(), 0, 60, 0);
}

TEST_CASE("a function that crashes on every slice is reported slice by slice, not as a crash loop",
          "[supervision][crash]") {
    const test::Watchdog watchdog("a crash in every slice");
    WatchedCrew crew({.workers = 2, .slices = 40}, [](std::int64_t, Owner, int) { die(SIGKILL); });
    const test::CrewFacts facts = crew.watch({.max_attempts = 1});
    CHECK(facts.gave_up.empty());
    CHECK(facts.causes.size() == 40);
    check_counts(crew.ledger(), 0, 0, 40);
}

TEST_CASE("in a group only the slice in the filter is charged, and the group comes back without it",
          "[supervision][crash]") {
    const test::Watchdog watchdog("a group with a bad slice");
    WatchedCrew crew({.workers = 2, .slices = 13, .grouping = {4, 1}}, [](std::int64_t position, Owner, int) {
        if (position == 7) die(SIGKILL);
    });
    const test::CrewFacts facts = crew.watch();
    CHECK(facts.causes.size() == 1);
    CHECK(facts.causes.at(7).size() == 3);
    CHECK(crew.records()[7].state == RecordState::closed);
    for (const std::int64_t position : {5, 6, 8})
        CHECK(crew.records()[static_cast<std::size_t>(position)].state == RecordState::done);
    check_counts(crew.ledger(), 0, 4, 0);
}

TEST_CASE("slices of a group that never came to its commit are not left as done", "[supervision][crash]") {
    const test::Watchdog watchdog("a group cut short");
    WatchedCrew crew({.workers = 1, .slices = 8, .grouping = {4, 0}}, [](std::int64_t position, Owner, int) {
        if (position == 2) die(SIGKILL);
    });
    const test::CrewFacts facts = crew.watch({.max_attempts = 1, .on_failure = OnFailure::abort});
    CHECK(facts.causes.at(2).size() == 1);
    for (std::int64_t position = 0; position < 8; ++position) {
        CAPTURE(position);
        // Their pixels were in the tile of the worker that died.
        CHECK((crew.records()[static_cast<std::size_t>(position)].state != RecordState::done ||
               crew.ledger().entry(position / 4).state == TaskState::done));
    }
    CHECK(crew.records()[0].state == RecordState::open);
}

TEST_CASE("a template killed in the middle of a run costs no other worker its life or its slice an attempt",
          "[supervision][crash]") {
    const test::Watchdog watchdog("a killed template in a run");
    const test::SharedCounters flags(8);
    const test::Leftovers leftovers;
    {
        // Slice 0 goes on until slice 1 is done. The first worker of slice 1 kills the template, then itself: the next
        // comes from a new template, in a session of its own.
        WatchedCrew crew({.workers = 2, .slices = 2}, [&flags](std::int64_t position, Owner, int attempt) {
            if (position == 0) {
                flags[0] = ::getpid();
                wait_for(flags[1]);
                flags[2] = ::getpid();
                return;
            }
            wait_for(flags[0]);
            if (attempt == 0) {
                flags[3] = ::getsid(0);
                ::kill(::getsid(0), SIGKILL);
                while (test::is_running(::getsid(0))) std::this_thread::sleep_for(1ms);
                die(SIGKILL);
            }
            flags[4] = ::getsid(0);
            std::this_thread::sleep_for(50ms);  // time for a kill meant for the worker of slice 0
            flags[1] = 1;
        });
        const test::CrewFacts facts = crew.watch({.max_attempts = 2});
        CHECK(facts.causes.size() == 1);
        CHECK(facts.causes.count(0) == 0);
        CHECK(flags[2] == flags[0]);  // the same process all along
        CHECK(flags[3] != flags[4]);
        CHECK(deaths(facts) == 1);
        check_counts(crew.ledger(), 0, 2, 0);
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a worker that died while idle, and a template too, are replaced before the next run",
          "[supervision][crash]") {
    const test::Watchdog watchdog("deaths between runs");
    const test::Leftovers leftovers;
    {
        WatchedCrew crew({.workers = 3, .slices = 9}, [](std::int64_t, Owner, int) {});
        static_cast<void>(crew.watch());
        for (const long child : test::Leftovers::children()) ::kill(static_cast<pid_t>(child), SIGKILL);
        for (const long child : test::Leftovers::children())
            while (test::is_running(child)) std::this_thread::sleep_for(1ms);
        crew.supervisor().fill_crew();
        CHECK(crew.supervisor().pids().size() == 3);
        const test::CrewFacts facts = crew.watch();
        CHECK(facts.causes.empty());
        CHECK(deaths(facts) == 0);
        check_counts(crew.ledger(), 0, 9, 0);
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a run whose caller wants to stop ends with what is under way", "[supervision]") {
    const test::Watchdog watchdog("stopping a run");
    const test::SharedCounters flags(8);
    WatchedCrew crew({.workers = 2, .slices = 200}, [&flags](std::int64_t, Owner, int) {
        flags[0] = 1;
        std::this_thread::sleep_for(5ms);
    });
    std::stop_source caller;
    std::thread stopper([&] {
        wait_for(flags[0]);
        caller.request_stop();
    });
    const test::CrewFacts facts = crew.watch({.stop_token = caller.get_token()});
    stopper.join();
    CHECK(facts.interrupted);
    const auto counts = crew.ledger().count();
    CHECK(counts.claimed == 0);
    CHECK(counts.done > 0);
    CHECK(counts.waiting > 0);
    CHECK(counts.done + counts.waiting == 200);
}

TEST_CASE("the first slice given up ends a run that is to be aborted", "[supervision][crash]") {
    const test::Watchdog watchdog("aborting a run");
    WatchedCrew crew({.workers = 1, .slices = 50}, [](std::int64_t position, Owner, int) {
        if (position == 3) die(SIGKILL);
    });
    const test::CrewFacts facts = crew.watch({.max_attempts = 1, .on_failure = OnFailure::abort});
    CHECK(facts.causes.size() == 1);
    check_counts(crew.ledger(), 46, 3, 1);
}

TEST_CASE("a stray write that claims a task for nobody alive does not hold up the run", "[supervision][crash]") {
    const test::Watchdog watchdog("a scribbled ledger");
    const test::SharedCounters flags(8);
    WatchedCrew crew({.workers = 2, .slices = 6}, [&flags](std::int64_t position, Owner, int) {
        if (position != 0 || flags[0]++ != 0) return;
        *reinterpret_cast<TaskWord*>(flags[1].load()) = pack({TaskState::claimed, 0, {9, 999}});
    });
    flags[1] = reinterpret_cast<std::int64_t>(crew.word_of(5));
    const test::CrewFacts facts = crew.watch();
    CHECK(facts.causes.empty());
    check_counts(crew.ledger(), 0, 6, 0);
}

TEST_CASE("records that a crashed worker overwrote end the run with the reason", "[supervision][crash]") {
    const test::Watchdog watchdog("a scribbled ledger");
    const TaskEntry scribble = GENERATE(TaskEntry{TaskState::done, 0, {0, 1}},        // done, but nobody did it
                                        TaskEntry{TaskState::done, 0, {0, 999}},      // done by nobody there ever was
                                        TaskEntry{TaskState::claimed, 0, {900, 1}});  // claimed by no seat
    const test::SharedCounters word(1);
    WatchedCrew crew({.workers = 1, .slices = 6}, [&word, scribble](std::int64_t position, Owner, int attempt) {
        if (position != 1 || attempt > 0) return;
        *reinterpret_cast<TaskWord*>(word[0].load()) = pack(scribble);
        die(SIGSEGV);
    });
    word[0] = reinterpret_cast<std::int64_t>(crew.word_of(5));
    const test::CrewFacts facts = crew.watch();
    CHECK(facts.gave_up.find("overwritten the run's own records") != std::string::npos);
}

TEST_CASE("progress is reported in the caller's thread and never goes beyond the total", "[supervision]") {
    const test::Watchdog watchdog("progress");
    WatchedCrew crew({.workers = 2, .slices = 40}, [](std::int64_t position, Owner, int attempt) {
        std::this_thread::sleep_for(2ms);
        if (position == 20 && attempt == 0) die(SIGKILL);
    });
    const auto caller = std::this_thread::get_id();
    std::int64_t calls = 0;
    std::int64_t wrong = 0;
    Progress last;
    Options options;
    options.progress_interval = 1ms;
    options.progress = [&](const Progress& progress) {
        ++calls;
        wrong += std::this_thread::get_id() != caller || progress.total != 40 || progress.done + progress.failed > 40 ||
                 progress.done < last.done;
        last = progress;
    };
    static_cast<void>(crew.watch(options));
    CHECK(calls > 0);
    CHECK(wrong == 0);
    CHECK(last.retried <= 1);
}

TEST_CASE("killing the crew leaves no worker, and the next run has a new one", "[supervision]") {
    const test::Watchdog watchdog("a killed crew");
    const test::Leftovers leftovers;
    {
        WatchedCrew crew({.workers = 2, .slices = 5}, [](std::int64_t, Owner, int) {});
        crew.supervisor().kill_crew();
        CHECK(crew.supervisor().pids().empty());
        CHECK(test::Leftovers::children().size() == 1);  // the template
        crew.supervisor().fill_crew();
        CHECK(crew.supervisor().pids().size() == 2);
        CHECK(crew.watch().causes.empty());
    }
    CHECK(leftovers.found() == "");
}
