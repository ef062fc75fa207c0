// machine.hpp: what the machine, as far as this process may use it, has: cores, memory.
// Facts only; who gets how much is decided elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace slicepool::os {

/// Cores the calling code may keep busy: its affinity mask, cut by the CPU quota of the process's control group and the
/// groups above (version 1 and 2), rounded up; in a worker no more than its share (core_share()); at least 1.
[[nodiscard]] int usable_cores();

/// The same without a share and with the places the facts are read from given, for tests: the affinity count, a
/// /proc/<pid>/cgroup file and the mount point of the control-group tree.
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

/// Bytes of memory that only this process has: what goes when it ends. Exact, and slow where it is not small: a quick
/// upper bound is asked first, and returned when it is below `enough`.
[[nodiscard]] std::uint64_t private_bytes(std::uint64_t enough);

/// How often the system has killed a process for want of memory, in this process's control group where that is counted,
/// else on the whole machine; 0 when the system does not say.
[[nodiscard]] std::uint64_t memory_kills();
[[nodiscard]] std::uint64_t memory_kills(const std::filesystem::path& vmstat, const std::filesystem::path& cgroup_file,
                                         const std::filesystem::path& cgroup_root);

}  // namespace slicepool::os
