#include "os/machine.hpp"

#include <slicepool/core/core_share.hpp>

#include <sched.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace slicepool::os {
namespace {

namespace fs = std::filesystem;

/// Where this process sits in one control-group tree.
struct Membership {
    fs::path mount;  ///< of the tree
    fs::path group;  ///< relative to the mount
    bool version2 = false;
};

/// The groups that may carry `controller` ("cpu", "memory"): version 2's one tree and version 1's tree of that name.
std::vector<Membership> memberships(const fs::path& cgroup_file, const fs::path& root, std::string_view controller) {
    std::vector<Membership> found;
    std::ifstream file(cgroup_file);
    for (std::string line; std::getline(file, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const fs::path group = fs::path(line.substr(second + 1)).relative_path();
        if (controllers.empty()) {
            found.push_back({root, group, true});
            found.push_back({root / "unified", group, true});
            continue;
        }
        const std::string padded = "," + controllers + ",";
        if (padded.find("," + std::string(controller) + ",") == std::string::npos) continue;
        found.push_back({root / controllers, group, false});
        found.push_back({root / controller, group, false});
    }
    return found;
}

/// Calls visit(directory) for the group and every group above it up to the mount. A container often sees its own group
/// as the root although /proc names the path outside: directories that do not exist are passed over.
template <class Visit>
void walk_up(const Membership& membership, Visit&& visit) {
    for (fs::path group = membership.group;; group = group.parent_path()) {
        visit(membership.mount / group);
        if (group.empty()) break;
    }
}

std::optional<double> read_number(const fs::path& path) {
    std::ifstream file(path);
    double number = 0;
    return file >> number ? std::optional(number) : std::nullopt;
}

/// Cores by quota, or infinity.
double quota_cores(const Membership& membership) {
    double cores = std::numeric_limits<double>::infinity();
    walk_up(membership, [&](const fs::path& directory) {
        double quota = -1;
        double period = 0;
        if (membership.version2) {
            std::ifstream file(directory / "cpu.max");
            if (!(file >> quota >> period)) return;  // also for "max 100000"
        } else {
            quota = read_number(directory / "cpu.cfs_quota_us").value_or(-1);
            period = read_number(directory / "cpu.cfs_period_us").value_or(0);
        }
        if (quota > 0 && period > 0) cores = std::min(cores, quota / period);
    });
    return cores;
}

/// Bytes left below the limits, or infinity. Page cache counts as used but can be dropped, so it is added back.
double memory_left(const Membership& membership) {
    double left = std::numeric_limits<double>::infinity();
    walk_up(membership, [&](const fs::path& directory) {
        const auto limit = read_number(directory / (membership.version2 ? "memory.max" : "memory.limit_in_bytes"));
        const auto used = read_number(directory / (membership.version2 ? "memory.current" : "memory.usage_in_bytes"));
        if (!limit || !used) return;
        double reclaimable = 0;
        std::ifstream stat(directory / "memory.stat");
        double value = 0;
        for (std::string key; stat >> key >> value;)
            if (key == (membership.version2 ? "inactive_file" : "total_inactive_file") ||
                key == (membership.version2 ? "active_file" : "total_active_file"))
                reclaimable += value;
        left = std::min(left, std::max(0.0, *limit - *used + reclaimable));
    });
    return left;
}

/// The value behind `key` in a file of lines "key value".
std::optional<std::uint64_t> read_entry(const fs::path& path, std::string_view key) {
    std::ifstream file(path);
    std::string name;
    std::string value;
    while (file >> name >> value)
        if (name == key) return std::strtoull(value.c_str(), nullptr, 10);
    return std::nullopt;
}

int affinity_cores() {
    // The kernel's mask may be wider than a cpu_set_t: grow until it fits.
    for (int cpus = CPU_SETSIZE; cpus <= 1 << 16; cpus *= 2) {
        cpu_set_t* set = CPU_ALLOC(cpus);
        if (set == nullptr) return 1;
        const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
        const int result = ::sched_getaffinity(0, bytes, set);
        const int count = result == 0 ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (count > 0) return count;
    }
    return 1;
}

}  // namespace

int usable_cores() {
    const int cores = usable_cores(affinity_cores(), "/proc/self/cgroup", "/sys/fs/cgroup");
    return std::min(cores, core_share().value_or(cores));
}

int usable_cores(int affinity, const fs::path& cgroup_file, const fs::path& cgroup_root) {
    double cores = affinity;
    for (const Membership& membership : memberships(cgroup_file, cgroup_root, "cpu"))
        cores = std::min(cores, std::ceil(quota_cores(membership)));
    return std::max(1, static_cast<int>(cores));
}

std::optional<std::uint64_t> available_memory() {
    return available_memory("/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup");
}

std::optional<std::uint64_t> available_memory(const fs::path& meminfo, const fs::path& cgroup_file,
                                              const fs::path& cgroup_root) {
    double left = -1;
    std::ifstream file(meminfo);
    std::string key;
    double kibibytes = 0;
    for (std::string line; file >> key >> kibibytes && std::getline(file, line);)
        if (key == "MemAvailable:" || key == "SwapFree:") left = std::max(left, 0.0) + kibibytes * 1024;
    if (left < 0) return std::nullopt;
    for (const Membership& membership : memberships(cgroup_file, cgroup_root, "memory"))
        left = std::min(left, memory_left(membership));
    return static_cast<std::uint64_t>(left);
}

std::uint64_t total_memory() {
    struct sysinfo info {};
    if (::sysinfo(&info) != 0) return std::uint64_t{1} << 30;
    return (std::uint64_t{info.totalram} + info.totalswap) * info.mem_unit;
}

std::uint64_t memory_kills() { return memory_kills("/proc/vmstat", "/proc/self/cgroup", "/sys/fs/cgroup"); }

std::uint64_t memory_kills(const fs::path& vmstat, const fs::path& cgroup_file, const fs::path& cgroup_root) {
    for (const Membership& membership : memberships(cgroup_file, cgroup_root, "memory")) {
        const char* const file = membership.version2 ? "memory.events" : "memory.oom_control";
        if (const auto kills = read_entry(membership.mount / membership.group / file, "oom_kill")) return *kills;
    }
    return read_entry(vmstat, "oom_kill").value_or(0);
}

std::uint64_t private_bytes(std::uint64_t enough) {
    // Anonymous pages bound what is private from above: those shared with a parent since the fork are among them.
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    std::uint64_t shared = 0;
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (statm >> total >> resident >> shared && (resident - std::min(shared, resident)) * page < enough)
        return (resident - shared) * page;
    // The kernel calls a page of shared memory private, too, while one process has it mapped: such mappings do not count.
    std::ifstream file("/proc/self/smaps");
    std::uint64_t sum = 0;
    bool counts = false;
    for (std::string key, value, line; file >> key >> value && std::getline(file, line);) {
        if (key.back() != ':')  // the head of a mapping: its range, then its permissions and s or p
            counts = value.back() == 'p';
        else if (counts && (key == "Private_Clean:" || key == "Private_Dirty:" || key == "Swap:"))
            sum += std::strtoull(value.c_str(), nullptr, 10) * 1024;
    }
    return sum;
}

std::uint64_t proportional_set_bytes(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    std::string line;
    std::getline(file, line);  // the head
    std::string key;
    std::uint64_t kibibytes = 0;
    while (file >> key >> kibibytes && std::getline(file, line))
        if (key == "Pss:") return kibibytes * 1024;
    return 0;
}

}  // namespace slicepool::os
