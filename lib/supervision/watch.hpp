// watch.hpp: supervision of one run: one poll loop over deaths, deadlines and the workers' bell.
// Internal to the room; see supervisor.hpp for the contract.
#pragma once

#include "supervision/supervisor.hpp"

#include "os/machine.hpp"

#include <chrono>
#include <optional>

namespace slicepool {

class Supervisor::Watch {
public:
    Watch(Supervisor& supervisor, const WatchedRun& run);
    [[nodiscard]] WatchFacts until_the_end();

private:
    static constexpr std::chrono::seconds kOrphanSearch{1};

    void wait_for_news();
    void take_down_words();
    [[nodiscard]] bool take_down_words(std::size_t slot);
    void bury_the_dead();
    void bury(const WorkerProcess& worker, const os::ExitStatus& status, double cpu_seconds);
    void plan_replacement(bool in_slice);
    void take_note(const TaskBook::Settlement& change);
    void settle_orphans();
    void give_up_what_is_stuck();
    void audit_the_ledger();
    [[nodiscard]] Cause cause_of(const WorkerProcess& worker, const os::ExitStatus& status);
    void replace_the_dead();
    void heed_the_caller();
    void report_progress();
    [[nodiscard]] bool everybody_left() const;
    [[nodiscard]] bool nothing_is_left();
    [[nodiscard]] bool has_ended();
    void give_up(std::string reason);
    [[nodiscard]] WorkerLife life_of(const WorkerProcess& worker) const;
    [[nodiscard]] std::int64_t slices_settled() const;
    [[nodiscard]] double seconds(Clock::time_point time) const;

    /// As workers and RestartPolicy count time.
    [[nodiscard]] static std::chrono::nanoseconds since_epoch(Clock::time_point time) {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
    }

    // Who is killed, and when: watch_kills.cpp.
    void kill_the_overdue();
    void kill_those_who_stand_still();
    void kill_those_who_left();
    void look_at_one_who_hung_up(WorkerProcess& worker);
    void kill_the_laggards();
    void kill_at_the_end_of_grace();
    void kill(WorkerProcess& worker) const;

    Supervisor& supervisor_;
    const WatchedRun& run_;
    RestartPolicy policy_;        // of deaths outside slices
    RestartPolicy slice_policy_;  // of deaths in slices
    std::uint64_t memory_kills_ = os::memory_kills();
    WatchFacts facts_;
    DeathHistory history_;
    DeathHistory slice_history_;
    DeathHistory failed_forks_;
    std::optional<Clock::time_point> interrupted_at_;
    std::int64_t settled_at_last_death_ = 0;
    std::int64_t done_by_the_dead_ = 0;
    std::int64_t failed_by_the_dead_ = 0;
    std::int64_t given_up_ = 0;
    std::int64_t retried_ = 0;
    std::int64_t settled_tasks_ = 0;  ///< all before this one are
    std::optional<Clock::time_point> next_restart_;
    std::optional<Clock::time_point> nothing_left_since_;
    Clock::time_point next_orphan_search_ = Clock::now() + kOrphanSearch;
    Clock::time_point last_look_at_the_killed_ = Clock::now();
    Clock::time_point next_progress_;
};

}  // namespace slicepool
