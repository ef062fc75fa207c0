// run_session.hpp: what every backend does at the beginning and the end of a run, around its own way of working.
// No waiting and no workers here. Slices and calls differ in slice_session.hpp and call_session.hpp.
#pragma once

#include "backends/control_area.hpp"
#include "backends/job.hpp"

#include <slicepool/core/report.hpp>
#include "supervision/task_book.hpp"
#include "worker/work.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace slicepool {

/// One run in a control area: writes the order on construction, reads the outcomes at the end.
class RunSession {
public:
    RunSession(const RunSession&) = delete;
    RunSession& operator=(const RunSession&) = delete;
    virtual ~RunSession() = default;

    /// Lets the workers begin: from here on the run has an odd number.
    void open() const noexcept;
    /// Ends the run: workers that look now find nothing to do.
    void close() const noexcept;

    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    [[nodiscard]] std::chrono::steady_clock::time_point start() const noexcept { return start_; }
    [[nodiscard]] SliceLedger ledger() const noexcept { return ledger_; }
    [[nodiscard]] virtual TaskBook& book() noexcept = 0;
    /// A worker's place in this run, without shield and outbox.
    [[nodiscard]] virtual WorkPlace place(Owner owner) const noexcept = 0;
    /// For the backend without workers: what is sent is taken in at once.
    [[nodiscard]] virtual std::unique_ptr<Outbox> direct_outbox() { return nullptr; }

    /// Sums over the mailboxes of the living, for progress.
    [[nodiscard]] Progress progress() const;

    /// Outcomes and times, when nobody works any more.
    [[nodiscard]] Report report(Backend backend, std::vector<WorkerLife> lives);

protected:
    RunSession(const ControlArea& control, const Job& job);

    [[nodiscard]] const ControlArea& control() const noexcept { return control_; }
    [[nodiscard]] const Job& job() const noexcept { return job_; }
    /// Fills in what became of the items.
    virtual void report_items(Report& report) = 0;
    /// What the caller calls an item.
    [[nodiscard]] virtual std::int64_t index_of(std::int64_t item) const noexcept = 0;

private:
    const ControlArea& control_;
    const Job& job_;
    std::uint32_t number_;
    std::chrono::steady_clock::time_point start_;
    SliceLedger ledger_;
};

[[nodiscard]] std::unique_ptr<RunSession> make_session(const ControlArea& control, const Job& job);

}  // namespace slicepool
