// attend_runs.hpp: a worker's life between birth and closing: wait for a run, work in it, tell the host, wait again.
// The same for threads and processes.
#pragma once

#include "backends/control_area.hpp"

#include "os/event.hpp"

#include <functional>

namespace slicepool {

/// What a kind of worker does around a run.
struct RunHooks {
    std::function<void(WorkOrder&)> enter;  ///< with a private copy of the order, before the first claim
    std::function<void()> leave;            ///< when nothing is left to claim, before the host is told
};

/// Returns when the control area is closing. `bell` is rung when this worker has left a run.
void attend_runs(const ControlArea& control, Owner owner, const os::Event& bell, const RunHooks& hooks) noexcept;

}  // namespace slicepool
