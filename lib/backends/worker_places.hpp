// worker_places.hpp: where each worker of a crew stays, and with which slices it begins, as a value.
// What the machine looks like is os/placement.hpp's; claiming is the ledger's.
#pragma once

#include <slicepool/core/options.hpp>
#include "os/placement.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace slicepool {

/// Workers are dealt to memory nodes in blocks of consecutive slots (os::node_of_worker), and so are the slices: each
/// node has a contiguous run of them, as long as its part of the workers is large. Immutable.
class WorkerPlaces {
public:
    /// Nobody is tied to anything, and all begin at the first slice that is left.
    WorkerPlaces() = default;
    /// On these nodes, as from os::cores_by_node(); tests make some up.
    WorkerPlaces(Placement placement, std::span<const os::Node> nodes, int worker_count);
    /// On the nodes of the cores that the calling thread may use. Throws SystemError.
    [[nodiscard]] static WorkerPlaces on_this_machine(Placement placement, int worker_count);

    /// The cores that worker stays on; empty: those of its maker.
    [[nodiscard]] std::span<const int> cores(int worker) const noexcept;
    /// The task at which that worker begins to look, the first of its node's run: from there on, and round. Nothing where
    /// all workers are on one node.
    [[nodiscard]] std::optional<std::int64_t> first_task(int worker, std::int64_t task_count) const noexcept;

    /// For the worker: ties the calling thread, and what it starts from then on. Where its cores were taken from the
    /// program meanwhile it stays where it is: a worker in the wrong place is better than none.
    void settle(int worker) const noexcept;

private:
    struct Place {
        std::vector<int> cores;
        int first_of_node = 0;  ///< the lowest slot on the same node
    };
    std::vector<Place> places_;  // by slot, or empty
};

}  // namespace slicepool
