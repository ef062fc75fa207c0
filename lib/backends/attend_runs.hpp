// attend_runs.hpp: a worker's life between birth and closing: wait for a run, work in it, tell the host, wait again.
// The same for threads and processes.
#pragma once

#include <functional>

#include "backends/control_area.hpp"
#include "os/event.hpp"

namespace slicepool {

/// Returns when the control area is closing. `before_run` is called with a private copy of the order before the first
/// claim of each run (worker processes set up their memory there). `bell` is rung when there is nothing to claim.
void attend_runs(const ControlArea& control, Owner owner, const os::Event& bell,
                 const std::function<void(WorkOrder&)>& before_run) noexcept;

}  // namespace slicepool
