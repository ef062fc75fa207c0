#include "os/placement.hpp"

#include <slicepool/core/error.hpp>

#include <sched.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

namespace slicepool::os {
namespace {

namespace fs = std::filesystem;

constexpr int kMostCores = 1 << 16;

/// An affinity mask of any width: the kernel's may be wider than a cpu_set_t.
class CoreSet {
public:
    explicit CoreSet(int cores) : set_(CPU_ALLOC(cores)), bytes_(CPU_ALLOC_SIZE(cores)) {
        if (!set_) throw std::bad_alloc();
        CPU_ZERO_S(bytes_, set_.get());
    }
    [[nodiscard]] cpu_set_t* get() const { return set_.get(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    struct Free {
        void operator()(cpu_set_t* set) const { CPU_FREE(set); }
    };
    std::unique_ptr<cpu_set_t, Free> set_;
    std::size_t bytes_;
};

std::optional<std::vector<int>> read_core_list(const fs::path& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    return parse_core_list(std::string(std::istreambuf_iterator(file), {}));
}

/// How many of `usable` come before `core` in its physical core: 0 for the one that stands for it.
std::size_t rank_among_siblings(const fs::path& system, int core, std::span<const int> usable) {
    const auto siblings =
        read_core_list(system / "cpu" / fmt::format("cpu{}", core) / "topology" / "thread_siblings_list");
    if (!siblings || !std::ranges::binary_search(*siblings, core)) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        *siblings, [&](int sibling) { return sibling < core && std::ranges::binary_search(usable, sibling); }));
}

Node node_of(const fs::path& system, const std::vector<int>& cores) {
    std::vector<std::pair<std::size_t, int>> ranked;
    for (const int core : cores) ranked.emplace_back(rank_among_siblings(system, core, cores), core);
    std::ranges::sort(ranked);
    Node node;
    for (const auto& [rank, core] : ranked) {
        node.cores.push_back(core);
        if (rank == 0) ++node.physical_cores;
    }
    return node;
}

/// The cores of every node by its number, as far as they can be read.
std::map<int, std::vector<int>> read_nodes(const fs::path& directory) {
    std::map<int, std::vector<int>> nodes;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename();
        if (!name.starts_with("node")) continue;
        int number = 0;
        const auto [rest, failure] = std::from_chars(name.data() + 4, name.data() + name.size(), number);
        if (failure != std::errc() || rest != name.data() + name.size() || number < 0) continue;
        if (auto cores = read_core_list(entry->path() / "cpulist")) nodes[number] = std::move(*cores);
    }
    return nodes;
}

/// How many workers each node gets.
std::vector<std::size_t> deal(std::span<const Node> nodes, int worker_count) {
    std::vector<std::size_t> dealt(nodes.size(), 0);
    std::vector<std::size_t> room(nodes.size());
    std::ranges::transform(nodes, room.begin(), &Node::physical_cores);
    for (int left = worker_count; left > 0;) {
        std::size_t next = nodes.size();
        for (std::size_t node = 0; node < nodes.size(); ++node)
            if (dealt[node] < room[node] && (next == nodes.size() || dealt[node] < dealt[next])) next = node;
        if (next < nodes.size()) {
            ++dealt[next];
            --left;
            continue;
        }
        for (std::size_t node = 0; node < nodes.size(); ++node) {  // all full: their siblings next, then once more
            const std::size_t cores = std::max<std::size_t>(1, nodes[node].cores.size());
            room[node] = (room[node] / cores + 1) * cores;
        }
    }
    return dealt;
}

/// The node of `worker` and its place among the node's workers.
std::pair<std::size_t, std::size_t> place_of(std::span<const Node> nodes, int worker, int worker_count) {
    const std::vector<std::size_t> dealt = deal(nodes, worker_count);
    auto place = static_cast<std::size_t>(worker);
    std::size_t node = 0;
    while (node + 1 < nodes.size() && place >= dealt[node]) place -= dealt[node++];
    return {node, place};
}

}  // namespace

std::optional<std::vector<int>> parse_core_list(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.remove_suffix(1);
    std::vector<int> cores;
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto number = [&](int& value) {
        const auto [rest, failure] = std::from_chars(at, end, value);
        at = rest;
        return failure == std::errc() && value >= 0 && value < kMostCores;
    };
    while (at != end) {
        int first = 0;
        if (!number(first)) return std::nullopt;
        int last = first;
        if (at != end && *at == '-') {
            ++at;
            if (!number(last) || last < first) return std::nullopt;
        }
        for (int core = first; core <= last; ++core) cores.push_back(core);
        if (at == end) break;
        if (*at++ != ',' || at == end) return std::nullopt;
    }
    std::ranges::sort(cores);
    if (std::ranges::adjacent_find(cores) != cores.end()) return std::nullopt;
    return cores;
}

std::vector<int> usable_core_numbers() {
    for (int width = CPU_SETSIZE; width <= kMostCores; width *= 2) {
        const CoreSet set(width);
        if (::sched_getaffinity(0, set.bytes(), set.get()) != 0) {
            if (errno == EINVAL) continue;  // the kernel's mask is wider
            break;
        }
        std::vector<int> cores;
        for (int core = 0; core < width; ++core)
            if (CPU_ISSET_S(core, set.bytes(), set.get())) cores.push_back(core);
        return cores;
    }
    throw SystemError("sched_getaffinity", "calling thread", last_system_error());
}

std::vector<Node> cores_by_node() { return cores_by_node("/sys/devices/system", usable_core_numbers()); }

std::vector<Node> cores_by_node(const fs::path& system, std::span<const int> usable_cores) {
    std::vector<int> usable(usable_cores.begin(), usable_cores.end());
    std::ranges::sort(usable);
    std::vector<Node> found;
    std::vector<int> covered;
    for (const auto& [number, cores] : read_nodes(system / "node")) {
        std::vector<int> here;
        std::ranges::set_intersection(cores, usable, std::back_inserter(here));
        if (here.empty()) continue;  // memory without cores, or cores for others
        covered.insert(covered.end(), here.begin(), here.end());
        found.push_back(node_of(system, here));
    }
    std::ranges::sort(covered);
    if (covered != usable) return {node_of(system, usable)};  // a core in two nodes, or in none that could be read
    return found;
}

std::size_t node_of_worker(std::span<const Node> nodes, int worker, int worker_count) {
    return place_of(nodes, worker, worker_count).first;
}

int core_for_worker(std::span<const Node> nodes, int worker, int worker_count) {
    const auto [node, place] = place_of(nodes, worker, worker_count);
    return nodes[node].cores[place % nodes[node].cores.size()];
}

void pin_calling_thread(std::span<const int> cores) {
    const auto refuse = [&](std::error_code reason) {
        throw SystemError("sched_setaffinity", fmt::format("cores {}", fmt::join(cores, ",")), reason);
    };
    const CoreSet set(cores.empty() ? 1 : std::clamp(std::ranges::max(cores) + 1, 1, kMostCores));
    for (const int core : cores) {
        if (core < 0 || core >= kMostCores) refuse(std::make_error_code(std::errc::invalid_argument));
        CPU_SET_S(core, set.bytes(), set.get());
    }
    if (::sched_setaffinity(0, set.bytes(), set.get()) != 0) refuse(last_system_error());
}

PinnedThread::PinnedThread(std::span<const int> cores) : before_(usable_core_numbers()) { pin_calling_thread(cores); }

PinnedThread::~PinnedThread() {
    try {
        pin_calling_thread(before_);
    } catch (const std::exception&) {  // the host was moved to other cores meanwhile: then those are right
    }
}

}  // namespace slicepool::os
