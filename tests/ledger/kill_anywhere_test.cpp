// Kills of real processes: after any number of instructions between claim and commit, and in storms at random moments.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <random>
#include <vector>

#include "ledger/shared_ledger.hpp"
#include "os/forked.hpp"
#include "support/catch.hpp"
#include "support/leftovers.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using slicepool::test::SharedLedger;
using slicepool::test::start_forked;

namespace {

constexpr int kNotTraced = 77;
constexpr std::uint32_t kSpins = 1000;

/// By a ticket, or as a worker that begins somewhere.
std::optional<Claim> claim_as(SliceLedger& ledger, Owner owner, bool placed) {
    return placed ? ledger.try_claim_from(ledger.task_count() / 2, owner) : ledger.try_claim(owner);
}

/// Forks a worker that stops before it claims and commits one task, lets it do `steps` instructions and kills it. The
/// number of instructions it did: fewer than `steps` when it had finished; -1 when tracing is not allowed here.
long kill_after(const SharedLedger& shared, Owner owner, bool placed, long steps) {
    const pid_t worker = start_forked([&] {
        SliceLedger ledger = shared.ledger;
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return kNotTraced;
        ::raise(SIGSTOP);
        const auto claim = claim_as(ledger, owner, placed);
        if (claim) static_cast<void>(ledger.commit(*claim));
        ::raise(SIGSTOP);
        return 0;
    });
    int status = 0;
    ::waitpid(worker, &status, 0);
    if (!WIFSTOPPED(status)) return -1;
    long done = 0;
    for (; done < steps; ++done) {
        if (::ptrace(PTRACE_SINGLESTEP, worker, nullptr, nullptr) != 0) break;
        ::waitpid(worker, &status, 0);
        if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) break;  // its second stop: the commit is behind it
    }
    ::kill(worker, SIGKILL);
    while (!WIFSIGNALED(status) && !WIFEXITED(status)) ::waitpid(worker, &status, 0);
    return done;
}

struct Effects {
    std::atomic<std::uint32_t> writer{0};     ///< incarnation at work on the task, 0 for none
    std::atomic<std::uint32_t> committed{0};  ///< commits that were granted
    std::atomic<std::uint32_t> pixel{0};
};

void pause_for(std::chrono::nanoseconds time) {
    const timespec rest{0, static_cast<long>(time.count())};
    ::nanosleep(&rest, nullptr);
}

/// A worker's life: claims, writes slowly, commits. Ends with 1 when it notices that somebody else is at its task.
int work_through(SliceLedger ledger, Effects* effects, Owner owner) {
    while (true) {
        const auto claim = claim_as(ledger, owner, owner.slot % 2 == 1);
        if (!claim) {
            const auto counts = ledger.count();
            if (counts.waiting == 0 && counts.claimed == 0) return 0;
            pause_for(std::chrono::microseconds(100));
            continue;
        }
        Effects& effect = effects[claim->task];
        effect.writer = owner.incarnation;
        for (std::uint32_t spin = 0; spin < kSpins; ++spin) effect.pixel = effect.pixel + 1;
        pause_for(std::chrono::microseconds(50));  // so long that kills hit it
        if (effect.writer != owner.incarnation) return 1;
        if (!ledger.commit(*claim)) return 2;
        ++effect.committed;
    }
}

}  // namespace

TEST_CASE("a worker killed after any number of instructions loses no task and finishes none twice", "[ledger][crash]") {
    const bool placed = GENERATE(false, true);
    const test::Watchdog watchdog("killing after every instruction", 300);
    const test::Leftovers leftovers;
    {
        SharedLedger probe(3);
        const long all = kill_after(probe, {0, 1}, placed, 1'000'000);
        if (all < 0) {
            WARN("not checked: tracing other processes is not allowed here");
            return;
        }
        CAPTURE(all);
        REQUIRE(all > 20);
        // Sanitizers multiply the instructions: then only every so many, for some 10^5 steps in all.
        const long stride = 1 + all * all / 600'000;
        CAPTURE(stride);
        for (long steps = 0; steps <= all + stride; steps += stride) {
            SharedLedger shared(3);
            const Owner dead{0, 1};
            static_cast<void>(kill_after(shared, dead, placed, steps));
            const auto claims = shared.ledger.claims_of(dead);
            REQUIRE(claims.size() <= 1);
            for (const Claim& claim : claims) REQUIRE(shared.ledger.give_back(claim));
            const auto after_death = shared.ledger.count();
            REQUIRE(after_death.claimed == 0);
            REQUIRE(after_death.waiting + after_death.done == 3);
            std::int64_t claimed = 0;
            while (const auto claim = shared.ledger.try_claim({1, 2})) {
                ++claimed;
                REQUIRE(shared.ledger.commit(*claim));
            }
            REQUIRE(claimed == after_death.waiting);
            REQUIRE(shared.ledger.count().done == 3);
        }
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("workers killed at random moments: every task is done once, none by two", "[ledger][crash]") {
    constexpr std::int64_t kTasks = 61;
    constexpr int kWorkers = 3;
    const test::Watchdog watchdog("a storm of kills", 300);
    const os::Mapping memory = SharedLedger::mapping_of(kTasks * sizeof(Effects));
    const test::Leftovers leftovers;
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::int64_t given_back = 0;
    // A storm hits workers at work more than a hundred times, however slowly processes start here.
    for (int round = 0; round < 200 || given_back <= 100; ++round) {
        CAPTURE(round);
        SharedLedger shared(kTasks);
        auto* const effects = reinterpret_cast<Effects*>(memory.data());
        for (std::int64_t task = 0; task < kTasks; ++task) ::new (effects + task) Effects;
        struct Seat {
            pid_t pid = 0;
            Owner owner;
        };
        std::array<Seat, kWorkers> seats{};
        std::uint32_t incarnation = 0;
        const auto sit_down = [&](std::size_t slot) {
            seats[slot].owner = {static_cast<std::uint16_t>(slot), ++incarnation};
            seats[slot].pid = start_forked([&] { return work_through(shared.ledger, effects, seats[slot].owner); });
        };
        for (std::size_t slot = 0; slot < kWorkers; ++slot) sit_down(slot);
        for (int kill = 0; kill < 4; ++kill) {
            pause_for(std::chrono::nanoseconds(random() % 500'000));
            const std::size_t slot = random() % kWorkers;
            ::kill(seats[slot].pid, SIGKILL);
            static_cast<void>(test::ending_of(seats[slot].pid));  // reaped: only now may its task go to somebody else
            for (const Claim& claim : shared.ledger.claims_of(seats[slot].owner)) {
                REQUIRE(shared.ledger.give_back(claim));
                ++given_back;
            }
            sit_down(slot);
        }
        for (const Seat& seat : seats) {
            const test::Ending ending = test::ending_of(seat.pid);
            REQUIRE(ending.signal == 0);
            REQUIRE(ending.code == 0);
        }
        REQUIRE(shared.ledger.count().done == kTasks);
        for (std::int64_t task = 0; task < kTasks; ++task) {
            // One that was killed between commit and counting it is not counted: never more than one, though.
            REQUIRE(effects[task].committed <= 1);
            REQUIRE(effects[task].pixel >= kSpins);
        }
    }
    CHECK(leftovers.found() == "");
}
