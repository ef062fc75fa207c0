// run_session.hpp: what every backend does at the beginning and the end of a run, around its own way of working.
// No waiting and no workers here.
#pragma once

#include "backends/control_area.hpp"
#include "backends/job.hpp"

#include <slicepool/core/report.hpp>
#include "worker/work.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace slicepool {

/// One run in a control area: writes the order on construction, reads the outcomes at the end.
class RunSession {
public:
    RunSession(const ControlArea& control, const Job& job);

    /// Lets the workers begin: from here on the run has an odd number.
    void open() const noexcept;
    /// Ends the run: workers that look now find nothing to do.
    void close() const noexcept;

    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    [[nodiscard]] std::chrono::steady_clock::time_point start() const noexcept { return start_; }
    [[nodiscard]] SliceLedger ledger() const noexcept { return ledger_; }
    [[nodiscard]] std::span<SliceRecord> records() const noexcept { return records_; }
    /// A worker's place in this run.
    [[nodiscard]] WorkPlace place(Owner owner) const noexcept;

    /// Sums over the mailboxes of the living, for progress.
    [[nodiscard]] Progress progress() const;

    /// Outcomes and times. `causes` by position: attempts that cost a worker's life.
    [[nodiscard]] Report report(Backend backend, const std::map<std::int64_t, std::vector<Cause>>& causes,
                                std::vector<WorkerLife> lives) const;

private:
    const ControlArea& control_;
    const Job& job_;
    std::uint32_t number_;
    std::chrono::steady_clock::time_point start_;
    SliceLedger ledger_;
    std::span<SliceRecord> records_;
};

}  // namespace slicepool
