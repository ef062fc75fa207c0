// supervisor.hpp: keeps a crew of worker processes alive and settles what the dead ones held.
// It touches no pixels and no function of the user; mechanism is WorkerProcess and TemplateProcess, policy RestartPolicy.
#pragma once

#include "supervision/restart_policy.hpp"
#include "supervision/task_book.hpp"
#include "supervision/template_process.hpp"
#include "supervision/worker_process.hpp"

#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>
#include "ledger/slice_ledger.hpp"
#include "ledger/slice_record.hpp"
#include "os/child.hpp"
#include "os/crash_trace.hpp"
#include "os/event.hpp"
#include "os/futex.hpp"
#include "os/mapping.hpp"
#include "os/output_tail.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace slicepool {

/// A run, as far as supervision looks at it. Everything referred to outlives the call of watch().
struct WatchedRun {
    std::uint32_t number = 0;  ///< workers put it in their mailbox when they have left the run
    SliceLedger ledger;
    TaskBook* book = nullptr;
    const ClaimWindow* window = nullptr;         ///< null: every task is offered
    std::int64_t slices_per_task = 1;            ///< at most; calls do not count
    std::atomic<std::uint32_t>* stop = nullptr;  ///< set to make workers claim no more
    os::FutexWord* offered = nullptr;            ///< bumped when a task is offered again
    const Options* options = nullptr;
    std::chrono::steady_clock::time_point start;
    std::function<void()> before_end;  ///< called once when the last slice is settled, workers still alive
};

/// What supervision saw in a run.
struct WatchFacts {
    std::vector<WorkerLife> lives;  ///< in order of birth
    std::string gave_up;            ///< why the run was ended early, or empty
    bool interrupted = false;       ///< the stop token was used
};

/// Owns the template and the workers of a pool. Used by one thread at a time.
class Supervisor {
public:
    /// `make_worker_main` is called for every template process that is forked. `mailboxes`: one per worker. `bell` is
    /// rung by workers that have nothing to do.
    Supervisor(std::span<WorkerMailbox> mailboxes, const os::Event& bell, std::function<WorkerMain()> make_worker_main);
    /// Kills and reaps every worker, then the template.
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// Forks what is missing of the crew. Throws SystemError only when not one worker could be forked.
    void fill_crew();

    /// Looks after the run until every task is settled or nobody may go on, and every worker has left it.
    [[nodiscard]] WatchFacts watch(const WatchedRun& run);

    /// Kills and reaps every worker; the next fill_crew() forks new ones.
    void kill_crew() noexcept;

    /// Numbers of the living worker processes.
    [[nodiscard]] std::vector<std::int64_t> pids() const;

private:
    using Clock = WorkerProcess::Clock;
    class Watch;

    /// What every worker has mapped as long as it runs our code.
    static constexpr const char* kTraceMemory = "slicepool-traces";

    void spawn(std::size_t slot);
    [[nodiscard]] std::unique_ptr<TemplateProcess> make_template() const;

    std::span<WorkerMailbox> mailboxes_;
    const os::Event& bell_;
    std::function<WorkerMain()> make_worker_main_;
    std::int64_t maker_pid_ = os::process_id();
    std::vector<os::OutputTail> stderr_tails_;  // by slot
    os::Mapping trace_memory_;
    std::span<os::CrashTrace> traces_;  // by slot
    std::vector<std::unique_ptr<TemplateProcess>>
        templates_;                       // the last one forks; earlier ones were killed by somebody
    std::vector<WorkerProcess> workers_;  // by slot
    std::uint32_t next_incarnation_ = 1;
};

}  // namespace slicepool
