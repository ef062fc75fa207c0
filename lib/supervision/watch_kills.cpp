#include "supervision/watch.hpp"

#include <algorithm>
#include <array>

namespace slicepool {
namespace {

using namespace std::chrono_literals;

/// A process that ends closes its descriptors a little before it can be reaped.
constexpr std::chrono::nanoseconds kLastMoments = 100ms;
/// How much longer than it should a worker may take before it is taken for stopped, or gone; on a loaded machine it takes
/// a thousandth.
constexpr std::chrono::nanoseconds kPatience = 2s;
/// And when it is not stopped: it may be waiting for its turn on a starved machine.
constexpr std::chrono::nanoseconds kPatienceWithTheSlow = 20s;

bool is_beyond_patience(const WorkerProcess& worker, std::chrono::nanoseconds late) {
    return late > kPatienceWithTheSlow || (late > kPatience && worker.child.is_stopped());
}

}  // namespace

void Supervisor::Watch::kill_the_overdue() {
    if (!run_.options->slice_timeout) return;
    const auto limit = std::chrono::duration_cast<std::chrono::nanoseconds>(*run_.options->slice_timeout);
    for (WorkerProcess& worker : supervisor_.workers_) {
        if (!worker.alive() || worker.overdue_slice >= 0) continue;
        const WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
        const std::int64_t slice = mailbox.slice.load(std::memory_order_acquire);
        const std::chrono::nanoseconds start(mailbox.slice_start_ns.load(std::memory_order_relaxed));
        if (slice != worker.watched_slice) {
            worker.watched_slice = slice;
            worker.cpu_at_sight = worker.child.cpu_seconds();
        }
        if (slice < 0 || since_epoch(Clock::now()) - start <= limit) continue;
        worker.cpu_at_end = worker.child.cpu_seconds();
        worker.overdue_slice = slice;  // requeued only when it has been reaped
        kill(worker);
    }
}

/// A worker that somebody stopped outside the user's code: with slices in its hands, or with slices waiting that nobody
/// else takes. Its deadline is that of a slice, times those that a task may hold, with some patience for a loaded machine.
void Supervisor::Watch::kill_those_who_stand_still() {
    if (!run_.options->slice_timeout) return;
    const auto limit = std::chrono::duration_cast<std::chrono::nanoseconds>(*run_.options->slice_timeout *
                                                                            static_cast<double>(run_.slices_per_task));
    for (WorkerProcess& worker : supervisor_.workers_) {
        const WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
        if (!worker.alive() || worker.killed || mailbox.slice.load() >= 0 ||
            mailbox.finished_run.load() == run_.number) {
            worker.still_since.reset();
            continue;
        }
        const std::uint64_t steps = mailbox.steps.load();
        if (!worker.still_since || steps != worker.watched_steps) {
            worker.watched_steps = steps;
            worker.still_since = Clock::now();
            continue;
        }
        if (!is_beyond_patience(worker, Clock::now() - *worker.still_since - limit)) continue;
        const bool could_work =
            run_.window != nullptr ? run_.ledger.has_waiting(*run_.window) : run_.ledger.has_waiting();
        if (!could_work && run_.ledger.claims_of(worker.owner).empty()) continue;  // it waits, as it should
        worker.killed_as_still = true;
        kill(worker);
    }
}

/// A worker that closed its end of the life line but lives on executes another program, or closed the descriptors it
/// found. One whose results make no sense is no better.
void Supervisor::Watch::kill_those_who_left() {
    for (WorkerProcess& worker : supervisor_.workers_) {
        if (!worker.alive() || worker.killed) continue;
        if (run_.book->is_garbled(worker.owner.slot)) {
            worker.killed_as_garbled = true;
            kill(worker);
            continue;
        }
        if (worker.hung_up) {
            look_at_one_who_hung_up(worker);
            continue;
        }
        const std::array line{worker.life_line.get()};
        if (!os::wait_readable(line, 0ns)[0]) continue;
        worker.hung_up = Clock::now();
        worker.slice_at_hang_up = supervisor_.mailboxes_[worker.owner.slot].slice.load();
    }
}

void Supervisor::Watch::look_at_one_who_hung_up(WorkerProcess& worker) {
    WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
    const auto since = Clock::now() - *worker.hung_up;
    if (since <= kLastMoments) return;
    const bool goes_on = mailbox.slice.load() != worker.slice_at_hang_up;
    // It does its work without the descriptors too; but it is replaced when it has a moment.
    if (goes_on) mailbox.asked_to_retire.store(1);
    if (worker.child.has_mapped(kTraceMemory) && (goes_on || since <= kPatience)) return;
    worker.killed_as_gone = true;
    kill(worker);
}

/// The caller wants an end, and has waited long enough for the slices under way.
void Supervisor::Watch::kill_at_the_end_of_grace() {
    if (!interrupted_at_ || !run_.options->stop_grace ||
        Clock::now() - *interrupted_at_ <
            std::chrono::duration_cast<std::chrono::nanoseconds>(*run_.options->stop_grace))
        return;
    for (WorkerProcess& worker : supervisor_.workers_) {
        if (!worker.alive() || worker.killed ||
            supervisor_.mailboxes_[worker.owner.slot].finished_run.load() == run_.number)
            continue;
        worker.killed_to_end = true;
        kill(worker);
    }
}

/// A worker that somebody stopped between two slices holds nothing that others wait for, but would hold up the end.
void Supervisor::Watch::kill_the_laggards() {
    const auto is_idle = [&](const WorkerProcess& worker) {
        const WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
        return worker.alive() && !worker.killed && mailbox.slice.load() < 0 &&
               mailbox.finished_run.load() != run_.number;
    };
    if (std::ranges::none_of(supervisor_.workers_, is_idle) || !nothing_is_left()) {
        nothing_left_since_.reset();
        return;
    }
    if (!nothing_left_since_) nothing_left_since_ = Clock::now();
    const auto since = Clock::now() - *nothing_left_since_;
    if (since <= kPatience) return;
    for (WorkerProcess& worker : supervisor_.workers_)
        // One with slices in its hands is between two of them, however long it takes to move a group.
        if (is_idle(worker) && run_.ledger.claims_of(worker.owner).empty() && is_beyond_patience(worker, since)) {
            worker.killed_as_laggard = true;
            kill(worker);
        }
}

void Supervisor::Watch::kill(WorkerProcess& worker) const {
    worker.killed = true;
    worker.child.kill();
}

}  // namespace slicepool
