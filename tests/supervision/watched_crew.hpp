// watched_crew.hpp: a supervised crew whose workers do what a test tells them, in runs of slices without pixels.
// The workers keep the protocol of a run: admission, claims, mailbox, commit, leaving; nothing else is asked of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "os/event.hpp"
#include "os/futex.hpp"
#include "os/mapping.hpp"
#include "supervision/slice_book.hpp"
#include "supervision/supervisor.hpp"

namespace slicepool::test {

/// What supervision saw, and what the book of the run holds.
struct CrewFacts : WatchFacts {
    std::map<std::int64_t, std::vector<Cause>> causes;
};

class WatchedCrew {
public:
    /// What a worker does with a slice: its position, who it is, and how often the slice's task was taken away before.
    using Deed = std::function<void(std::int64_t position, Owner owner, int attempt)>;

    struct Plan {
        std::size_t workers = 2;
        std::int64_t slices = 7;
        TaskGrouping grouping;
        std::function<void(Owner)> at_birth = [](Owner) {};
    };

    WatchedCrew(const Plan& plan, Deed deed)
        : plan_(plan),
          deed_(std::move(deed)),
          supervisor_(mailboxes_, bell_, [this] { return WorkerMain([this](Owner owner) { attend(owner); }); }) {
        supervisor_.fill_crew();
    }

    Supervisor& supervisor() { return supervisor_; }
    SliceLedger ledger() { return SliceLedger::attach(ledger_memory(), task_count()); }
    std::span<SliceRecord> records() { return records_; }
    std::span<WorkerMailbox> mailboxes() { return mailboxes_; }

    /// The ledger's word of a task, for tests that scribble.
    void* word_of(std::int64_t task) {
        return memory_.data() + kLedgerAt + 64 + task * static_cast<std::int64_t>(sizeof(TaskWord));
    }

    CrewFacts watch(const Options& options = {}) {
        static_cast<void>(SliceLedger::create(ledger_memory(), task_count()));
        for (SliceRecord& record : records_) record.state = RecordState::open;
        for (WorkerMailbox& mailbox : mailboxes_) mailbox.reset();
        control_.stop = 0;
        SliceBook book(ledger(), records_, plan_.grouping);
        const WatchedRun run{.number = ++control_.run,
                             .ledger = ledger(),
                             .book = &book,
                             .stop = &control_.stop,
                             .offered = &control_.offered,
                             .options = &options,
                             .start = std::chrono::steady_clock::now(),
                             .before_end = {}};
        os::wake_all(control_.run);
        CrewFacts facts{supervisor_.watch(run), book.causes()};
        ++control_.run;
        return facts;
    }

private:
    struct Control {
        os::FutexWord run{0};
        os::FutexWord offered{0};
        std::atomic<std::uint32_t> stop{0};
    };
    static constexpr std::size_t kBytes = std::size_t{1} << 20;
    static constexpr std::size_t kMailboxesAt = 4096;
    static constexpr std::size_t kRecordsAt = 16 * 4096;
    static constexpr std::size_t kLedgerAt = 64 * 4096;

    std::int64_t task_count() const { return plan_.grouping.task_count(plan_.slices); }
    std::span<std::byte> ledger_memory() {
        return memory_.range().subspan(kLedgerAt, SliceLedger::bytes_for(task_count()));
    }

    template <class T>
    std::span<T> lay_out(std::size_t at, std::size_t count) {
        T* const first = reinterpret_cast<T*>(memory_.data() + at);
        for (std::size_t i = 0; i < count; ++i) ::new (first + i) T;
        return {first, count};
    }

    void attend(Owner owner) {
        WorkerMailbox& mailbox = mailboxes_[owner.slot];
        plan_.at_birth(owner);
        while (mailbox.admitted != owner.incarnation) std::this_thread::sleep_for(std::chrono::microseconds(200));
        for (std::uint32_t attended = 0;;) {
            const std::uint32_t run = control_.run;
            if (run % 2 == 0 || run == attended) {
                os::wait_while_equal(control_.run, run, std::chrono::milliseconds(50));
                continue;
            }
            attended = run;
            while (control_.stop == 0 && !nothing_left(owner)) {
            }
            mailbox.finished_run = run;
            bell_.ring();
        }
    }

    /// Does a task, or waits a little; true when no task can come any more.
    bool nothing_left(Owner owner) {
        SliceLedger run_ledger = ledger();
        const std::uint32_t offered = control_.offered;
        const auto claim = run_ledger.try_claim(owner);
        if (!claim) {
            const auto counts = run_ledger.count();
            if (counts.waiting + counts.claimed == 0) return true;
            os::wait_while_equal(control_.offered, offered, std::chrono::milliseconds(5));
            return false;
        }
        WorkerMailbox& mailbox = mailboxes_[owner.slot];
        std::int64_t done = 0;
        const auto [begin, end] = plan_.grouping.positions(claim->task, plan_.slices);
        for (std::int64_t position = begin; position < end; ++position) {
            std::atomic<RecordState>& state = records_[static_cast<std::size_t>(position)].state;
            if (state == RecordState::closed || state == RecordState::failed) continue;
            mailbox.slice_start_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                         std::chrono::steady_clock::now().time_since_epoch())
                                         .count();
            mailbox.slice = position;
            deed_(position, owner, claim->entry.attempt);
            mailbox.slice = -1;
            state = RecordState::done;
            ++done;
        }
        if (run_ledger.commit(*claim)) mailbox.slices_done += done;
        return false;
    }

    Plan plan_;
    Deed deed_;
    os::Mapping memory_ = os::Mapping::of_file(os::sealed_memory_file("test-crew", kBytes).get(), 0, kBytes,
                                               os::Access::read_write, "test crew");
    Control& control_ = lay_out<Control>(0, 1)[0];
    std::span<WorkerMailbox> mailboxes_ = lay_out<WorkerMailbox>(kMailboxesAt, plan_.workers);
    std::span<SliceRecord> records_ = lay_out<SliceRecord>(kRecordsAt, static_cast<std::size_t>(plan_.slices));
    os::Event bell_;
    Supervisor supervisor_;
};

}  // namespace slicepool::test
