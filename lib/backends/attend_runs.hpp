// attend_runs.hpp: a worker's life between birth and closing: wait for a run, work in it, tell the host, wait again.
// The same for threads and processes.
#pragma once

#include "backends/control_area.hpp"

#include "os/event.hpp"
#include "worker/work.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace slicepool {

/// What a kind of worker does around a run.
struct RunHooks {
    std::function<void(WorkOrder&)> enter;  ///< with a private copy of the order, before the first claim
    std::function<void()> leave;            ///< when nothing is left to claim, before the host is told
    /// Asked before each claim; a no ends the worker's life in order.
    std::function<bool(const WorkOrder&)> may_go_on = [](const WorkOrder&) { return true; };
    /// The task at which this worker begins to look in a run of slices with so many; nothing: wherever the others are.
    std::function<std::optional<std::int64_t>(std::int64_t)> first_task = [](std::int64_t) { return std::nullopt; };
    Shield* shield = nullptr;  ///< raised in runs that ask for it
};

/// Returns when the control area is closing, or the worker has retired. `bell` is rung when this worker has left a run.
void attend_runs(const ControlArea& control, Owner owner, const os::Event& bell, const RunHooks& hooks) noexcept;

}  // namespace slicepool
