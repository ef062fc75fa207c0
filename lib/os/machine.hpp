// machine.hpp: what the machine, as far as this process may use it, has: cores, memory.
// Facts only; who gets how much is decided elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace slicepool::os {

/// Cores this process may keep busy: its affinity mask, cut by the CPU quota of its control group and the groups above
/// (version 1 and 2), rounded up; at least 1.
[[nodiscard]] int usable_cores();

/// The same with the places the facts are read from given, for tests: the affinity count, a /proc/<pid>/cgroup file and
/// the mount point of the control-group tree.
[[nodiscard]] int usable_cores(int affinity_cores, const std::filesystem::path& cgroup_file,
                               const std::filesystem::path& cgroup_root);

/// Bytes that can still be allocated before something is killed: what the kernel calls available plus free swap, cut by
/// the memory limits of the control group and those above. Nothing when the system does not say.
[[nodiscard]] std::optional<std::uint64_t> available_memory();
[[nodiscard]] std::optional<std::uint64_t> available_memory(const std::filesystem::path& meminfo,
                                                            const std::filesystem::path& cgroup_file,
                                                            const std::filesystem::path& cgroup_root);

/// Bytes of physical memory and swap.
[[nodiscard]] std::uint64_t total_memory();

/// The proportional set size of a process (shared pages divided by their users); 0 when the system does not say.
[[nodiscard]] std::uint64_t proportional_set_bytes(std::int64_t pid);

}  // namespace slicepool::os
