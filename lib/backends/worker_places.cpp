#include "backends/worker_places.hpp"

#include <cstddef>
#include <exception>

namespace slicepool {

WorkerPlaces::WorkerPlaces(Placement placement, std::span<const os::Node> nodes, int worker_count) {
    if (placement == Placement::none) return;
    std::size_t node_before = nodes.size();
    int first_of_node = 0;
    for (int worker = 0; worker < worker_count; ++worker) {
        const std::size_t node = os::node_of_worker(nodes, worker, worker_count);
        if (node != node_before) first_of_node = worker;
        node_before = node;
        places_.push_back({placement == Placement::nodes
                               ? nodes[node].cores
                               : std::vector<int>{os::core_for_worker(nodes, worker, worker_count)},
                           first_of_node});
    }
}

WorkerPlaces WorkerPlaces::on_this_machine(Placement placement, int worker_count) {
    if (placement == Placement::none) return {};
    return {placement, os::cores_by_node(), worker_count};
}

std::span<const int> WorkerPlaces::cores(int worker) const noexcept {
    if (places_.empty()) return {};
    return places_[static_cast<std::size_t>(worker)].cores;
}

std::optional<std::int64_t> WorkerPlaces::first_task(int worker, std::int64_t task_count) const noexcept {
    if (places_.empty() || places_.back().first_of_node == 0) return std::nullopt;
    const auto workers = static_cast<std::int64_t>(places_.size());
    // Not task_count * slot / workers, which may overflow.
    const std::int64_t slot = places_[static_cast<std::size_t>(worker)].first_of_node;
    return task_count / workers * slot + task_count % workers * slot / workers;
}

void WorkerPlaces::settle(int worker) const noexcept {
    const std::span<const int> own = cores(worker);
    if (own.empty()) return;
    try {
        os::pin_calling_thread(own);
    } catch (const std::exception&) {  // see the header
    }
}

}  // namespace slicepool
