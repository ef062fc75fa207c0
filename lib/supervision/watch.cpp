#include "supervision/watch.hpp"

#include "supervision/worker_progress.hpp"

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace slicepool {
namespace {

using namespace std::chrono_literals;

/// No wait relies on a wake-up alone: this long after a lost one things go on.
constexpr std::chrono::nanoseconds kLongestWait = 50ms;
constexpr std::chrono::milliseconds kForkAgain = 10ms;

}  // namespace

Supervisor::Watch::Watch(Supervisor& supervisor, const WatchedRun& run)
    : supervisor_(supervisor),
      run_(run),
      policy_(run.options->restart_intensity.value_or(
          RestartPolicy::default_for(static_cast<int>(supervisor.workers_.size())))),
      slice_policy_(run.options->restart_intensity.value_or(
          RestartPolicy::default_in_slices(static_cast<int>(supervisor.workers_.size())))),
      next_progress_(run.start + run.options->progress_interval) {
    for (WorkerProcess& worker : supervisor_.workers_) {
        worker.cpu_at_run_start = worker.alive() ? worker.child.cpu_seconds() : 0.0;
        worker.still_since.reset();
        if (!worker.alive()) next_restart_ = Clock::now() + kForkAgain;  // the system was short of something
    }
}

WatchFacts Supervisor::Watch::until_the_end() {
    while (true) {
        heed_the_caller();
        run_.book->hear();
        bury_the_dead();
        settle_orphans();
        kill_the_overdue();
        kill_those_who_stand_still();
        kill_those_who_left();
        kill_the_laggards();
        kill_at_the_end_of_grace();
        give_up_what_is_stuck();
        replace_the_dead();
        report_progress();
        if (has_ended()) break;
        wait_for_news();
    }
    // One that was killed and finished in the last moment must not die into the next run.
    for (WorkerProcess& worker : supervisor_.workers_)
        if (worker.alive() && worker.killed && !worker.stuck)
            if (const auto status = worker.child.reap_within(os::kLongestEnd)) bury(worker, *status, 0.0);
    take_down_words();
    run_.book->hear();
    if (run_.before_end) run_.before_end();
    for (const WorkerProcess& worker : supervisor_.workers_)
        if (worker.alive()) facts_.lives.push_back(life_of(worker));
    std::ranges::stable_sort(facts_.lives, {}, &WorkerLife::birth_seconds);
    return std::move(facts_);
}

void Supervisor::Watch::wait_for_news() {
    std::vector<int> fds{supervisor_.bell_.fd()};
    for (const WorkerProcess& worker : supervisor_.workers_) {
        fds.push_back(supervisor_.stderr_tails_[worker.owner.slot].fd());
        if (worker.alive()) fds.push_back(worker.child.pidfd());
        if (worker.alive() && !worker.hung_up) fds.push_back(worker.life_line.get());
    }
    const auto now = Clock::now();
    std::chrono::nanoseconds limit = kLongestWait;
    if (next_restart_) limit = std::min<std::chrono::nanoseconds>(limit, *next_restart_ - now);
    if (run_.options->progress) limit = std::min<std::chrono::nanoseconds>(limit, next_progress_ - now);
    if (interrupted_at_ && run_.options->stop_grace) limit = std::min<std::chrono::nanoseconds>(limit, 10ms);
    if (run_.options->slice_timeout)
        limit = std::min(limit, std::chrono::duration_cast<std::chrono::nanoseconds>(*run_.options->slice_timeout) / 4);
    static_cast<void>(os::wait_readable(fds, std::max<std::chrono::nanoseconds>(limit, 1ms)));
    supervisor_.bell_.clear();
    take_down_words();
}

void Supervisor::Watch::take_down_words() {
    for (std::size_t slot = 0; slot < supervisor_.stderr_tails_.size(); ++slot)
        if (take_down_words(slot)) supervisor_.stderr_tails_[slot].forget();  // the next failure has its own
}

/// Passes on what the worker in this slot wrote. True when one of its slices failed meanwhile: its words are noted.
bool Supervisor::Watch::take_down_words(std::size_t slot) {
    // Before the pipe is emptied: what a slice wrote before it failed is in there.
    const std::int64_t failed = supervisor_.mailboxes_[slot].unheard_failure.exchange(-1, std::memory_order_acquire);
    os::OutputTail& tail = supervisor_.stderr_tails_[slot];
    tail.pass_on();
    if (failed >= 0) run_.book->note_words(failed, tail.text());
    return failed >= 0;
}

void Supervisor::Watch::heed_the_caller() {
    if (!run_.options->stop_token.stop_requested() || facts_.interrupted) return;
    facts_.interrupted = true;
    interrupted_at_ = Clock::now();
    run_.stop->store(1, std::memory_order_relaxed);
    ++*run_.offered;
    os::wake_all(*run_.offered);
}

void Supervisor::Watch::bury_the_dead() {
    for (WorkerProcess& worker : supervisor_.workers_)
        if (worker.alive() && worker.child.has_ended()) {
            worker.child.kill_group();  // what it forked dies with it
            const double cpu_seconds = worker.child.cpu_seconds();
            if (const auto status = worker.child.try_reap()) bury(worker, *status, cpu_seconds);
        }
}

Cause Supervisor::Watch::cause_of(const WorkerProcess& worker, const os::ExitStatus& status) {
    const std::size_t slot = worker.owner.slot;
    Cause cause{.kind = SliceStatus::crashed, .signal = status.signal, .exit_code = status.code, .text = {}};
    static_cast<void>(take_down_words(slot));
    cause.stderr_tail = supervisor_.stderr_tails_[slot].text();
    if (worker.overdue_slice >= 0) {
        cause.kind = SliceStatus::timed_out;
        cause.signal = 0;
        cause.text = fmt::format("after {} s, {:.1f} s of them on a processor", run_.options->slice_timeout->count(),
                                 worker.cpu_at_end - worker.cpu_at_sight);
        return cause;
    }
    const os::CrashTrace& trace = supervisor_.traces_[slot];
    if (const int signal = os::signal_behind(trace, status.signal)) {
        cause.signal = signal;
        cause.trace = os::describe(trace);
    }
    if (!status.known) {
        cause.text = "its exit status was taken by the host program";
    } else if (status.was_killed() && worker.killed_as_gone) {
        cause.text = "it left the run: it executed another program, or closed the descriptors it found";
    } else if (status.was_killed() && worker.killed_as_still) {
        cause.text = "it stood still between two slices";
    } else if (status.was_killed() && worker.killed_to_end) {
        cause.text = "the run was to end";
    } else if (status.was_killed() && worker.killed_as_garbled) {
        cause.text = "what it sent made no sense: its memory was overwritten";
    } else if (status.was_killed() && worker.killed_as_laggard) {
        cause.text = "it did not leave the run when nothing was left to do";
    } else if (status.was_killed()) {
        const std::uint64_t kills = os::memory_kills();
        cause.text = kills > memory_kills_ ? "the system was out of memory" : "killed from outside";
        memory_kills_ = kills;
    }
    return cause;
}

/// Settles what a dead worker held and notes its life.
void Supervisor::Watch::bury(const WorkerProcess& worker, const os::ExitStatus& status, double cpu_seconds) {
    const WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
    std::int64_t slice = mailbox.slice.load(std::memory_order_acquire);
    WorkerLife life = life_of(worker);
    life.death_seconds = seconds(Clock::now());
    life.cpu_seconds = std::max(life.cpu_seconds, cpu_seconds - worker.cpu_at_run_start);
    life.retired = mailbox.retired.load() == 1 && slice < 0 && status.was_orderly();
    if (!life.retired) life.cause = cause_of(worker, status);
    // Killed for its deadline, it may have finished the slice in the last moment: then nobody is to blame. Nor where it
    // was not the slice that we killed it for.
    const bool gone_on = worker.killed_as_gone && slice != worker.slice_at_hang_up;
    const bool charge = (worker.overdue_slice < 0 || slice == worker.overdue_slice) && !worker.killed_as_still &&
                        !worker.killed_to_end && !gone_on;
    run_.book->hear();
    run_.book->forget_worker(worker.owner.slot);
    for (const Claim& claim : run_.ledger.claims_of(worker.owner))
        take_note(run_.book->settle(claim, slice, life.cause, charge, run_.options->max_attempts));
    if (slice >= 0 && slice < run_.book->item_count())
        life.slice = slice;  // an item; whoever knows the selection translates
    done_by_the_dead_ += life.slices_done;
    failed_by_the_dead_ += mailbox.slices_failed.load();
    if (life.retired)
        next_restart_ = Clock::now();
    else
        plan_replacement(slice >= 0);
    if (life.cause.kind == SliceStatus::crashed && !life.retired) audit_the_ledger();
    facts_.lives.push_back(std::move(life));
    ++*run_.offered;
    os::wake_all(*run_.offered);
}

void Supervisor::Watch::plan_replacement(bool in_slice) {
    if (slices_settled() > settled_at_last_death_) {
        history_.deaths_without_progress.clear();
        slice_history_.deaths_without_progress.clear();
    }
    settled_at_last_death_ = slices_settled();
    DeathHistory& history = in_slice ? slice_history_ : history_;
    history.deaths_without_progress.push_back(since_epoch(Clock::now()));
    const RestartDecision decision = (in_slice ? slice_policy_ : policy_).decide(history);
    if (decision.what == RestartDecision::What::give_up) give_up(decision.reason);
    next_restart_ = Clock::now() + decision.delay;
}

void Supervisor::Watch::take_note(const TaskBook::Settlement& change) {
    given_up_ += change.given_up;
    retried_ += change.to_retry;
    if (change.given_up > 0 && run_.options->on_failure == OnFailure::abort)
        run_.stop->store(1, std::memory_order_relaxed);
}

/// Words that say they are claimed by nobody alive: a stray write put them there, for every death is settled at once.
void Supervisor::Watch::settle_orphans() {
    if (Clock::now() < next_orphan_search_) return;
    next_orphan_search_ = Clock::now() + kOrphanSearch;
    const auto is_alive = [&](Owner owner) {
        return std::ranges::any_of(
            supervisor_.workers_, [&](const WorkerProcess& worker) { return worker.alive() && worker.owner == owner; });
    };
    bool found = false;
    for (std::int64_t task = 0; task < run_.ledger.task_count(); ++task) {
        const TaskEntry entry = run_.ledger.entry(task);
        if (entry.state != TaskState::claimed || is_alive(entry.owner)) continue;
        take_note(run_.book->settle({task, entry}, -1, {}, false, run_.options->max_attempts));
        found = true;
    }
    if (!found) return;
    ++*run_.offered;
    os::wake_all(*run_.offered);
}

/// A killed worker that the system does not end executes nothing of ours any more, but a transfer under way in the
/// kernel may still reach the output. Nobody else may have its slices, so nobody will do them.
void Supervisor::Watch::give_up_what_is_stuck() {
    bool anybody = false;
    // Time in which nobody looked does not count: the whole machine may have stood still, and the worker with it.
    const auto now = Clock::now();
    const auto waited = std::min<std::chrono::nanoseconds>(now - last_look_at_the_killed_, 4 * kLongestWait);
    last_look_at_the_killed_ = now;
    for (WorkerProcess& worker : supervisor_.workers_) {
        if (worker.alive() && worker.killed) worker.waited_for_end += waited;
        if (worker.alive() && worker.killed && !worker.stuck && worker.waited_for_end > os::kLongestEnd &&
            !worker.child.has_ended()) {
            worker.stuck = true;
            const Cause cause{.kind = SliceStatus::timed_out,
                              .text = fmt::format("its worker (process {}) was killed, but {} s later the system still "
                                                  "holds it, as in a transfer that does not end",
                                                  worker.child.pid(), os::kLongestEnd.count())};
            for (const Claim& claim : run_.ledger.claims_of(worker.owner)) take_note(run_.book->abandon(claim, cause));
        }
        anybody = anybody || !worker.stuck;
    }
    if (!anybody && facts_.gave_up.empty()) give_up("the system holds every worker, and ends none of them");
}

/// What was not written by the rules tells of a stray write, and then nothing that stands there can be believed. For
/// after a crash, when that is likely; with guarded output it cannot happen.
void Supervisor::Watch::audit_the_ledger() {
    const auto is_wrong = [&](std::int64_t task) {
        const TaskEntry entry = run_.ledger.entry(task);
        if (entry.state == TaskState::waiting || entry.state == TaskState::failed) return false;
        if (entry.owner.slot >= supervisor_.workers_.size() || entry.owner.incarnation >= supervisor_.next_incarnation_)
            return true;
        return entry.state == TaskState::done && run_.book->contradicts(task);
    };
    for (std::int64_t task = 0; task < run_.ledger.task_count() && facts_.gave_up.empty(); ++task)
        if (is_wrong(task))
            give_up("a worker that crashed had overwritten the run's own records; with guard_output it cannot");
}

void Supervisor::Watch::replace_the_dead() {
    if (!next_restart_ || Clock::now() < *next_restart_ || run_.stop->load() != 0) return;
    next_restart_.reset();
    for (std::size_t slot = 0; slot < supervisor_.workers_.size(); ++slot) {
        if (supervisor_.workers_[slot].alive()) continue;
        try {
            supervisor_.spawn(slot);
        } catch (const SystemError& error) {
            // The system is short of processes or memory. While others go on it is tried again; else within limits.
            failed_forks_.deaths_without_progress.push_back(since_epoch(Clock::now()));
            const RestartDecision decision = policy_.decide(failed_forks_);
            const bool nobody_is_left = supervisor_.pids().empty();
            if (!nobody_is_left) failed_forks_.deaths_without_progress.clear();
            if (decision.what == RestartDecision::What::give_up && nobody_is_left) give_up(error.what());
            next_restart_ = Clock::now() + std::max<std::chrono::milliseconds>(decision.delay, kForkAgain);
        }
    }
}

void Supervisor::Watch::give_up(std::string reason) {
    facts_.gave_up = std::move(reason);
    run_.stop->store(1, std::memory_order_relaxed);
}

bool Supervisor::Watch::everybody_left() const {
    return std::ranges::all_of(supervisor_.workers_, [&](const WorkerProcess& worker) {
        return !worker.alive() || worker.stuck ||
               supervisor_.mailboxes_[worker.owner.slot].finished_run.load() == run_.number;
    });
}

bool Supervisor::Watch::nothing_is_left() {
    if (run_.stop->load() != 0) return true;
    settled_tasks_ = run_.ledger.first_unsettled(settled_tasks_);
    // Looked at from the beginning once more: a stray write may have opened a task again.
    return settled_tasks_ == run_.ledger.task_count() && run_.ledger.first_unsettled(0) == settled_tasks_;
}

bool Supervisor::Watch::has_ended() { return everybody_left() && nothing_is_left(); }

std::int64_t Supervisor::Watch::slices_settled() const {
    std::int64_t settled = done_by_the_dead_ + failed_by_the_dead_ + given_up_;
    for (const WorkerProcess& worker : supervisor_.workers_) {
        if (!worker.alive()) continue;
        const WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
        settled += mailbox.slices_done.load() + mailbox.slices_failed.load();
    }
    return settled;
}

void Supervisor::Watch::report_progress() {
    if (!run_.options->progress || Clock::now() < next_progress_) return;
    next_progress_ = Clock::now() + run_.options->progress_interval;
    Progress progress{.total = run_.book->item_count(),
                      .done = done_by_the_dead_,
                      .failed = failed_by_the_dead_ + given_up_,
                      .retried = retried_,
                      .elapsed = Clock::now() - run_.start};
    for (const WorkerProcess& worker : supervisor_.workers_) {
        if (!worker.alive()) continue;
        const WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
        progress.done += mailbox.slices_done.load();
        progress.failed += mailbox.slices_failed.load();
        progress.workers.push_back(
            progress_of(mailbox, worker.owner.slot, Clock::now() - std::max(run_.start, worker.birth)));
    }
    run_.options->progress(progress);
}

WorkerLife Supervisor::Watch::life_of(const WorkerProcess& worker) const {
    const WorkerMailbox& mailbox = supervisor_.mailboxes_[worker.owner.slot];
    WorkerLife life;
    life.slot = worker.owner.slot;
    life.incarnation = worker.place_in_line;
    life.pid = worker.child.pid();
    life.birth_seconds = seconds(worker.birth);
    life.slices_done = mailbox.slices_done.load();
    life.busy_seconds = 1e-9 * static_cast<double>(mailbox.busy_ns.load());
    life.cpu_seconds = 1e-9 * static_cast<double>(mailbox.cpu_ns.load());
    return life;
}

double Supervisor::Watch::seconds(Clock::time_point time) const {
    return std::chrono::duration<double>(time - run_.start).count();
}

}  // namespace slicepool
