// placement.hpp: which cores share a memory node and which are two faces of one core, and tying threads to cores.
// Facts and one pure rule of dealing; whether workers are tied to cores at all is decided elsewhere.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace slicepool::os {

/// The usable cores of one memory (NUMA) node, by number: first one of every physical core, then their siblings
/// (hyper-threads), in the order in which they are best taken.
struct Node {
    std::vector<int> cores;
    std::size_t physical_cores = 0;  ///< how many of them, from the front, are physical cores of their own

    bool operator==(const Node&) const = default;
};

/// The numbers of the cores in the calling thread's affinity mask, ascending. Throws SystemError.
[[nodiscard]] std::vector<int> usable_core_numbers();

/// The nodes that have usable cores, in the order of their numbers; together they have all of them. One node with all
/// when the system does not say, or says nonsense. Throws SystemError.
[[nodiscard]] std::vector<Node> cores_by_node();
/// The same with the root of the facts (/sys/devices/system) and the usable cores given, for tests.
[[nodiscard]] std::vector<Node> cores_by_node(const std::filesystem::path& system, std::span<const int> usable);

/// The kernel's notation of sets, "0-3,8,10-11"; nothing when it is not that. Of white space only the line's end may be.
[[nodiscard]] std::optional<std::vector<int>> parse_core_list(std::string_view text);

/// Deals `worker_count` workers to the nodes, each node a contiguous block of worker numbers: evenly as far as every
/// worker still gets a physical core, then evenly over the siblings, then the cores take a second worker, and so on.
/// 0 <= worker < worker_count; nodes as from cores_by_node.
[[nodiscard]] std::size_t node_of_worker(std::span<const Node> nodes, int worker, int worker_count);
/// The core for that worker in its node.
[[nodiscard]] int core_for_worker(std::span<const Node> nodes, int worker, int worker_count);

/// Ties the calling thread, and those it starts from then on, to the given cores. Throws SystemError, and then nothing
/// has changed, when none of them is allowed.
void pin_calling_thread(std::span<const int> cores);

/// Ties the constructing thread while it lives. To be destroyed by the same thread, which may then use the cores it had
/// (those it may still use). Throws SystemError.
class PinnedThread {
public:
    explicit PinnedThread(std::span<const int> cores);
    ~PinnedThread();
    PinnedThread(const PinnedThread&) = delete;
    PinnedThread& operator=(const PinnedThread&) = delete;

private:
    std::vector<int> before_;
};

}  // namespace slicepool::os
