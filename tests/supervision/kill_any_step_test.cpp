// A worker of the real loop, with groups of slices, mailbox, records and tiles, is killed after any number of
// instructions; the supervisor's book settles what it held and a second worker finishes the run.
// The ledger's own instructions, one by one, are in tests/ledger/kill_anywhere_test.cpp.

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "ledger/shared_ledger.hpp"
#include "os/forked.hpp"
#include "supervision/slice_book.hpp"
#include "support/catch.hpp"
#include "support/leftovers.hpp"
#include "support/watchdog.hpp"
#include "worker/work.hpp"
#include "worker/workshop.hpp"

using namespace slicepool;
using slicepool::test::FloatFilter;
using slicepool::test::SharedLedger;
using slicepool::test::start_forked;

namespace {

constexpr int kNotTraced = 77;
constexpr int kMaxAttempts = 3;
constexpr long kNear = 8;     // steps before and after each change of what others can see
constexpr long kParts = 400;  // of the whole way, for steps drawn at random
constexpr Owner kVictim{0, 1};
constexpr Owner kSuccessor{1, 2};
constexpr Shape kShape{2, 3, 5};
constexpr TaskGrouping kGroups{4, 1};  // along x: slice 0 alone, slices 1 to 4 in one tile
constexpr std::int64_t kSlices = 5;
constexpr std::int64_t kTasks = 2;

/// Notes each call, so that what was finished before the kill can be told from what came after it.
struct Calls {
    std::array<std::atomic<std::int32_t>, kSlices> of_slice{};
};

/// A run whose ledger, records and mailboxes two processes share, as its volumes.
class SharedRun {
public:
    SharedRun() {
        for (std::size_t i = 0; i < 2; ++i) ::new (mailboxes_ + i) WorkerMailbox;
        reset();
    }

    void reset() {
        shared_ = std::make_unique<SharedLedger>(kTasks);
        for (std::size_t i = 0; i < kSlices; ++i) ::new (records_ + i) SliceRecord;
        for (std::size_t i = 0; i < 2; ++i) mailboxes_[i].reset();
        ::new (calls_) Calls;
        *stop_ = 0;
        for (std::int64_t i = 0; i < kShape.count(); ++i) {
            shop_.input.data()[i] = static_cast<float>(i);
            shop_.output.data()[i] = -1;
        }
    }

    /// The whole of a worker's part in a run.
    void work_as(Owner owner) {
        WorkPlace place{.owner = owner,
                        .ledger = shared_->ledger,
                        .records = records(),
                        .board = board_,
                        .mailbox = mailboxes_ + owner.slot,
                        .stop = stop_};
        const auto bench = make_bench(shop_.order, place);
        work(*bench, place, [] { return true; });
    }

    SliceLedger& ledger() { return shared_->ledger; }
    std::span<SliceRecord> records() { return {records_, static_cast<std::size_t>(kSlices)}; }
    const WorkerMailbox& mailbox(Owner owner) const { return mailboxes_[owner.slot]; }
    [[nodiscard]] std::int32_t calls(std::int64_t slice) const {
        return calls_->of_slice[static_cast<std::size_t>(slice)];
    }
    [[nodiscard]] std::int64_t wrong_pixels(std::int64_t slice) const {
        return shop_.wrong_pixels(slice, [](float pixel) { return 2 * pixel + 1; });
    }

private:
    template <class T>
    T* lay_out(std::size_t at) {
        return ::new (memory_.data() + at) T;
    }

    os::Mapping memory_ = SharedLedger::mapping_of(std::size_t{1} << 20);
    WorkerMailbox* const mailboxes_ = reinterpret_cast<WorkerMailbox*>(memory_.data());
    SliceRecord* const records_ = reinterpret_cast<SliceRecord*>(memory_.data() + 4096);
    Calls* const calls_ = lay_out<Calls>(8192);
    std::atomic<std::uint32_t>* const stop_ = lay_out<std::atomic<std::uint32_t>>(12288);
    MessageBoard* const board_ = lay_out<MessageBoard>(16384);
    std::unique_ptr<SharedLedger> shared_;
    test::Workshop shop_{kShape, 2, FloatFilter([this](SliceView<const float> in, SliceView<float> out) {
                             ++calls_->of_slice[static_cast<std::size_t>(in(0, 0))];  // of slice x it is x
                             for (Eigen::Index row = 0; row < in.rows(); ++row)
                                 for (Eigen::Index column = 0; column < in.cols(); ++column)
                                     out(row, column) = 2 * in(row, column) + 1;
                         }),
                         kGroups};
};

enum class Moment { nothing, claimed, in_slice, between_slices, done };

/// What the shared memory says of the victim, which is stopped or dead.
Moment moment_of(SharedRun& run) {
    const SliceLedger::Counts counts = run.ledger().count();
    if (run.mailbox(kVictim).slice != -1) return Moment::in_slice;
    if (counts.claimed > 0) return run.mailbox(kVictim).slice_start_ns == 0 ? Moment::claimed : Moment::between_slices;
    return counts.done == 0 ? Moment::nothing : Moment::done;
}

/// A worker that is stopped at the start of its work, for single steps; gone, reaped, at the end of its life.
class SteppedWorker {
public:
    explicit SteppedWorker(SharedRun& run) {
        pid_ = start_forked([&] {
            if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return kNotTraced;
            ::raise(SIGSTOP);
            run.work_as(kVictim);
            ::raise(SIGSTOP);
            return 0;
        });
        ::waitpid(pid_, &status_, 0);
    }
    ~SteppedWorker() { kill_and_reap(); }
    SteppedWorker(const SteppedWorker&) = delete;
    SteppedWorker& operator=(const SteppedWorker&) = delete;

    [[nodiscard]] bool is_traced() const { return WIFSTOPPED(status_); }
    /// False at its second stop: its work is behind it.
    bool step() {
        if (!WIFSTOPPED(status_) || ::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) return false;
        ::waitpid(pid_, &status_, 0);
        return WIFSTOPPED(status_) && WSTOPSIG(status_) == SIGTRAP;
    }
    void kill_and_reap() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        while (!WIFSIGNALED(status_) && !WIFEXITED(status_)) ::waitpid(pid_, &status_, 0);
        pid_ = -1;
    }

private:
    pid_t pid_ = -1;
    int status_ = 0;
};

/// Keeps this process and those it starts on one processor: a step then takes a third of the time.
class OneProcessor {
public:
    OneProcessor() {
        if (::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(::sched_getcpu(), &one);
        restore_ = ::sched_setaffinity(0, sizeof one, &one) == 0;
    }
    ~OneProcessor() {
        if (restore_) ::sched_setaffinity(0, sizeof before_, &before_);
    }
    OneProcessor(const OneProcessor&) = delete;
    OneProcessor& operator=(const OneProcessor&) = delete;

private:
    cpu_set_t before_{};
    bool restore_ = false;
};

/// As bury() of the supervisor does with the dead; how many claims it had.
std::size_t settle_what_it_held(SharedRun& run, SliceBook& book) {
    const auto claims = run.ledger().claims_of(kVictim);
    const Cause cause{.kind = SliceStatus::crashed, .signal = SIGKILL, .exit_code = 0, .text = {}};
    for (const Claim& claim : claims)
        static_cast<void>(book.settle(claim, run.mailbox(kVictim).slice, cause, true, kMaxAttempts));
    return claims.size();
}

}  // namespace

TEST_CASE("a worker killed at any step of its work costs no slice, and none is committed twice",
          "[supervision][crash]") {
    const test::Watchdog watchdog("killing a worker at every step", 600);
    const test::Leftovers leftovers;
    {
        const OneProcessor pinned;
        SharedRun run;
        run.work_as(kVictim);  // so that the loader's work, thousands of steps, is done before it is stepped through
        run.reset();
        // First one victim is watched from beginning to end: after which of its steps something had changed.
        std::vector<long> changes;
        long all = 0;
        {
            SteppedWorker worker(run);
            if (!worker.is_traced()) {
                WARN("not checked: tracing other processes is not allowed here");
                return;
            }
            Moment before = Moment::nothing;
            SliceLedger::Counts counts_before;
            while (worker.step()) {
                ++all;
                const Moment now = moment_of(run);
                const SliceLedger::Counts counts = run.ledger().count();
                if (now != before || counts.claimed != counts_before.claimed || counts.done != counts_before.done)
                    changes.push_back(all);
                before = now;
                counts_before = counts;
            }
        }
        CAPTURE(all, changes.size());
        REQUIRE(run.ledger().count().done == kTasks);
        REQUIRE(changes.size() >= 3 * kTasks);  // claim, slices, commit

        // Every step near a change; then steps drawn at random, one of each equal part, for so long as there is time.
        const auto seed = std::random_device{}();
        INFO("seed " << seed);
        std::mt19937 random(seed);
        std::set<long> near_changes;
        for (const long change : changes)
            for (long step = change - kNear; step <= change + kNear; ++step)
                near_changes.insert(std::clamp(step, 0L, all));
        std::vector<long> elsewhere;
        for (long part = 0; part < kParts; ++part) {
            const auto within = static_cast<long>(random() % static_cast<unsigned long>(all));
            elsewhere.push_back((all * part + within) / kParts);
        }
        std::shuffle(elsewhere.begin(), elsewhere.end(), random);
        std::vector<long> kills(near_changes.begin(), near_changes.end());
        std::shuffle(kills.begin(), kills.end(), random);
        kills.insert(kills.end(), elsewhere.begin(), elsewhere.end());

        std::array<std::int64_t, 5> seen{};
        // Enough for those near a change unless sanitizers multiply the steps: then for a part of them.
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        std::size_t killed = 0;
        for (const long steps : kills) {
            if (killed >= 20 && std::chrono::steady_clock::now() > end) break;
            ++killed;
            CAPTURE(steps);
            run.reset();
            SteppedWorker worker(run);
            REQUIRE(worker.is_traced());
            for (long step = 0; step < steps && worker.step(); ++step) {
            }
            worker.kill_and_reap();
            ++seen[static_cast<std::size_t>(moment_of(run))];

            const SliceLedger::Counts at_death = run.ledger().count();
            REQUIRE(at_death.claimed <= 1);
            std::vector<std::int32_t> calls_before;
            std::vector<bool> committed;
            for (std::int64_t slice = 0; slice < kSlices; ++slice) {
                calls_before.push_back(run.calls(slice));
                committed.push_back(run.ledger().entry(kGroups.task_of(slice)).state == TaskState::done);
                if (committed.back()) REQUIRE(run.wrong_pixels(slice) == 0);
            }
            SliceBook book(run.ledger(), run.records(), kGroups);
            REQUIRE(settle_what_it_held(run, book) == static_cast<std::size_t>(at_death.claimed));
            REQUIRE(run.ledger().count().claimed == 0);
            REQUIRE(run.ledger().count().done == at_death.done);
            REQUIRE(book.causes().size() == static_cast<std::size_t>(at_death.claimed));

            const std::int64_t slices_of_the_dead = run.mailbox(kVictim).slices_done;
            run.work_as(kSuccessor);
            REQUIRE(run.ledger().count().done == kTasks);
            std::int64_t slices_again = 0;
            for (std::int64_t slice = 0; slice < kSlices; ++slice) {
                CAPTURE(slice);
                REQUIRE(run.wrong_pixels(slice) == 0);
                REQUIRE(run.records()[static_cast<std::size_t>(slice)].state == RecordState::done);
                // What was committed is not begun again; all else is, once.
                const auto index = static_cast<std::size_t>(slice);
                REQUIRE(run.calls(slice) == calls_before[index] + (committed[index] ? 0 : 1));
                REQUIRE(run.ledger().entry(kGroups.task_of(slice)).owner == (committed[index] ? kVictim : kSuccessor));
                slices_again += committed[index] ? 0 : 1;
            }
            REQUIRE(run.mailbox(kSuccessor).slices_done == slices_again);
            REQUIRE(slices_of_the_dead + slices_again <=
                    kSlices);  // one killed before it counted its last is not counted
        }
        WARN("seed " << seed << ": " << all << " steps, killed after " << killed << " of them, " << near_changes.size()
                     << " next to a change: before a claim " << seen[0] << ", claimed " << seen[1] << ", in a slice "
                     << seen[2] << ", between slice and commit " << seen[3] << ", committed " << seen[4]);
        for (const std::int64_t times : seen) CHECK((times > 0 || killed < near_changes.size()));
    }
    CHECK(leftovers.found() == "");
}
