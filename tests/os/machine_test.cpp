// The machine as this process may use it: cores and memory, cut by control groups of both versions, from made-up files.
#include "os/machine.hpp"

#include <unistd.h>

#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace os = slicepool::os;
using slicepool::test::ScratchDirectory;

namespace {

/// A made-up /proc/self/cgroup and control-group tree.
struct Groups {
    ScratchDirectory directory;
    std::filesystem::path membership;
    std::filesystem::path root = directory.path() / "cgroup";

    explicit Groups(const std::string& lines) : membership(directory.write("membership", lines)) {}
    void set(const std::string& file, const std::string& text) const { directory.write("cgroup/" + file, text); }
    [[nodiscard]] int cores(int affinity) const { return os::usable_cores(affinity, membership, root); }
    [[nodiscard]] std::optional<std::uint64_t> memory(const std::string& meminfo) const {
        return os::available_memory(directory.write("meminfo", meminfo), membership, root);
    }
};

constexpr std::uint64_t kMiB = 1 << 20;
const std::string kOneGiBFree = "MemTotal: 4194304 kB\nMemFree: 1024 kB\nMemAvailable: 1048576 kB\nSwapFree: 0 kB\n";

}  // namespace

TEST_CASE("without control groups the affinity mask counts", "[os][machine]") {
    const Groups groups("");
    CHECK(groups.cores(7) == 7);
    CHECK(os::usable_cores(7, "/nowhere/at/all", "/nowhere") == 7);
}

TEST_CASE("a version 2 quota cuts the cores, rounded up", "[os][machine]") {
    const Groups groups("0::/job\n");
    groups.set("job/cpu.max", "150000 100000\n");
    CHECK(groups.cores(8) == 2);
    groups.set("job/cpu.max", "200000 100000\n");
    CHECK(groups.cores(8) == 2);
    groups.set("job/cpu.max", "1000 100000\n");
    CHECK(groups.cores(8) == 1);
    groups.set("job/cpu.max", "900000 100000\n");
    CHECK(groups.cores(8) == 8);
}

TEST_CASE("a version 2 quota of max is no quota", "[os][machine]") {
    const Groups groups("0::/job\n");
    groups.set("job/cpu.max", "max 100000\n");
    CHECK(groups.cores(8) == 8);
}

TEST_CASE("the tightest quota on the way to the root counts", "[os][machine]") {
    const Groups groups("0::/slice/service/job\n");
    groups.set("slice/service/job/cpu.max", "max 100000\n");
    groups.set("slice/service/cpu.max", "600000 100000\n");
    groups.set("slice/cpu.max", "250000 100000\n");
    CHECK(groups.cores(8) == 3);
    groups.set("slice/service/job/cpu.max", "50000 100000\n");
    CHECK(groups.cores(8) == 1);
}

TEST_CASE("in a container the group seen as the root counts although its path is another", "[os][machine]") {
    const Groups groups("0::/docker/0123abcd\n");
    groups.set("cpu.max", "400000 100000\n");
    CHECK(groups.cores(8) == 4);
    const Groups namespaced("0::/\n");
    namespaced.set("cpu.max", "300000 100000\n");
    CHECK(namespaced.cores(8) == 3);
    const Groups outside("0::/../../other\n");
    CHECK(outside.cores(8) == 8);
}

TEST_CASE("version 1 quotas count, under either name of the tree and with nested groups", "[os][machine]") {
    const std::string tree = GENERATE("cpu", "cpu,cpuacct");
    const Groups groups("9:name=systemd:/\n4:" + tree + ":/outer/inner\n2:cpuset:/other\n");
    groups.set(tree + "/outer/inner/cpu.cfs_quota_us", "-1\n");
    groups.set(tree + "/outer/inner/cpu.cfs_period_us", "100000\n");
    CHECK(groups.cores(8) == 8);
    groups.set(tree + "/outer/cpu.cfs_quota_us", "150000\n");
    groups.set(tree + "/outer/cpu.cfs_period_us", "100000\n");
    CHECK(groups.cores(8) == 2);
    groups.set(tree + "/outer/inner/cpu.cfs_quota_us", "50000\n");
    CHECK(groups.cores(8) == 1);
}

TEST_CASE("a tree that only sounds like the processor's is passed over", "[os][machine]") {
    const Groups groups("3:cpuset:/a\n2:cpuacct:/a\n");
    groups.set("cpuset/a/cpu.cfs_quota_us", "100000\n");
    groups.set("cpuset/a/cpu.cfs_period_us", "100000\n");
    groups.set("cpu/a/cpu.cfs_quota_us", "100000\n");
    groups.set("cpu/a/cpu.cfs_period_us", "100000\n");
    CHECK(groups.cores(8) == 8);
}

TEST_CASE("both versions at once: the tighter quota counts", "[os][machine]") {
    const Groups groups("1:cpu:/a\n0::/b\n");
    groups.set("cpu/a/cpu.cfs_quota_us", "500000\n");
    groups.set("cpu/a/cpu.cfs_period_us", "100000\n");
    groups.set("unified/b/cpu.max", "300000 100000\n");
    CHECK(groups.cores(8) == 3);
}

TEST_CASE("files that say nonsense change nothing", "[os][machine]") {
    const Groups groups("garbage\n:\n0::\n1:cpu:/a\n\n");
    groups.set("cpu/a/cpu.cfs_quota_us", "many\n");
    groups.set("cpu/a/cpu.cfs_period_us", "0\n");
    groups.set("cpu.max", "-3 0\n");
    CHECK(groups.cores(8) == 8);
}

TEST_CASE("the real machine has at least one core and at most those it has", "[os][machine]") {
    CHECK(os::usable_cores() >= 1);
    CHECK(os::usable_cores() <= static_cast<int>(std::thread::hardware_concurrency()));
}

TEST_CASE("available memory is the kernel's word plus free swap", "[os][machine]") {
    const Groups groups("");
    CHECK(groups.memory(kOneGiBFree) == 1024 * kMiB);
    CHECK(groups.memory("MemAvailable: 2048 kB\nHugePages_Total: 0\nSwapFree: 1024 kB\n") == 3 * kMiB);
}

TEST_CASE("a system that does not say how much memory is available gives no number", "[os][machine]") {
    const Groups groups("");
    CHECK(groups.memory("") == std::nullopt);
    CHECK(groups.memory("MemTotal: 4194304 kB\n") == std::nullopt);
    CHECK(os::available_memory("/nowhere", groups.membership, groups.root) == std::nullopt);
}

TEST_CASE("a version 2 memory limit leaves what is not used, droppable page cache added back", "[os][machine]") {
    const Groups groups("0::/slice/job\n");
    groups.set("slice/job/memory.max", std::to_string(300 * kMiB) + "\n");
    groups.set("slice/job/memory.current", std::to_string(200 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 100 * kMiB);
    groups.set("slice/job/memory.stat", "anon 1\nactive_file " + std::to_string(20 * kMiB) + "\ninactive_file " +
                                            std::to_string(30 * kMiB) + "\nshmem 77\n");
    CHECK(groups.memory(kOneGiBFree) == 150 * kMiB);
    groups.set("slice/memory.max", std::to_string(100 * kMiB) + "\n");
    groups.set("slice/memory.current", std::to_string(90 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 10 * kMiB);
}

TEST_CASE("a memory limit of max, or above what the machine has, changes nothing", "[os][machine]") {
    const Groups groups("0::/job\n");
    groups.set("job/memory.max", "max\n");
    groups.set("job/memory.current", std::to_string(200 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 1024 * kMiB);
    groups.set("job/memory.max", std::to_string(9000 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 1024 * kMiB);
}

TEST_CASE("a group over its limit leaves nothing, not a huge number", "[os][machine]") {
    const Groups groups("0::/job\n");
    groups.set("job/memory.max", std::to_string(100 * kMiB) + "\n");
    groups.set("job/memory.current", std::to_string(101 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 0);
}

TEST_CASE("a version 1 memory limit counts", "[os][machine]") {
    const Groups groups("4:memory:/a/b\n");
    groups.set("memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    groups.set("memory/a/b/memory.usage_in_bytes", std::to_string(70 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 1024 * kMiB);
    groups.set("memory/a/memory.limit_in_bytes", std::to_string(90 * kMiB) + "\n");
    groups.set("memory/a/memory.usage_in_bytes", std::to_string(70 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 20 * kMiB);
}

TEST_CASE("in a version 1 tree the page cache of the groups below counts as droppable too", "[os][machine]") {
    const Groups groups("4:memory:/a/b\n");
    groups.set("memory/a/memory.limit_in_bytes", std::to_string(90 * kMiB) + "\n");
    groups.set("memory/a/memory.usage_in_bytes", std::to_string(80 * kMiB) + "\n");  // with all below
    groups.set("memory/a/memory.stat",
               "inactive_file 0\nactive_file 0\nhierarchical_memory_limit 1\ntotal_inactive_file " +
                   std::to_string(40 * kMiB) + "\ntotal_active_file " + std::to_string(10 * kMiB) + "\n");
    CHECK(groups.memory(kOneGiBFree) == 60 * kMiB);
}

TEST_CASE("the real machine says how much memory it has and how much this process uses", "[os][machine]") {
    CHECK(os::total_memory() > 64 * kMiB);
    REQUIRE(os::available_memory().has_value());
    CHECK(*os::available_memory() <= os::total_memory());
    CHECK(os::proportional_set_bytes(::getpid()) > 0);
    CHECK(os::proportional_set_bytes(-1) == 0);
}
