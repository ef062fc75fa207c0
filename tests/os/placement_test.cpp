// Placement: cores by memory node from made-up system trees, the dealing of workers, and the affinity of real threads.
#include "os/placement.hpp"

#include <sched.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <slicepool/core/error.hpp>

#include "os/forked.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary_directory.hpp"

namespace os = slicepool::os;
using os::Node;
using slicepool::test::message_of;
using slicepool::test::missing_in;
using slicepool::test::ScratchDirectory;

namespace {

std::vector<int> range(int first, int last) {
    std::vector<int> numbers;
    for (int number = first; number <= last; ++number) numbers.push_back(number);
    return numbers;
}

/// A made-up /sys/devices/system.
struct Machine {
    ScratchDirectory directory;

    void node(int number, const std::string& cores) const {
        directory.write("node/node" + std::to_string(number) + "/cpulist", cores);
    }
    void siblings(int core, const std::string& cores) const {
        directory.write("cpu/cpu" + std::to_string(core) + "/topology/thread_siblings_list", cores);
    }
    [[nodiscard]] std::vector<Node> nodes(const std::vector<int>& usable) const {
        return os::cores_by_node(directory.path(), usable);
    }
};

/// Four nodes of 16 cores; cores 0-31 are physical ones and 32-63 their siblings, as Linux numbers them.
struct BigMachine : Machine {
    BigMachine() {
        for (int number = 0; number < 4; ++number) {
            const auto block = [](int first) { return std::to_string(first) + "-" + std::to_string(first + 7); };
            node(number, block(8 * number) + "," + block(32 + 8 * number) + "\n");
        }
        for (int core = 0; core < 64; ++core)
            siblings(core, std::to_string(core % 32) + "," + std::to_string(core % 32 + 32) + "\n");
        directory.write("node/has_cpu", "0-3\n");
        directory.write("node/node0/cpumap", "ffffffff\n");
    }
};

std::vector<int> cores_of(const std::vector<Node>& nodes, int worker_count) {
    std::vector<int> cores;
    for (int worker = 0; worker < worker_count; ++worker)
        cores.push_back(os::core_for_worker(nodes, worker, worker_count));
    return cores;
}

std::vector<std::size_t> nodes_of(const std::vector<Node>& nodes, int worker_count) {
    std::vector<std::size_t> of;
    for (int worker = 0; worker < worker_count; ++worker) of.push_back(os::node_of_worker(nodes, worker, worker_count));
    return of;
}

using Places = std::vector<std::size_t>;

}  // namespace

TEST_CASE("the kernel's lists of cores are read, and nothing else", "[os][placement]") {
    CHECK(os::parse_core_list("0-3,8,10-11\n") == std::vector{0, 1, 2, 3, 8, 10, 11});
    CHECK(os::parse_core_list("4,0-1") == std::vector{0, 1, 4});
    CHECK(os::parse_core_list("\n") == std::vector<int>());
    CHECK(os::parse_core_list("") == std::vector<int>());
    for (const char* text : {"a", "1-", "-1", "3-1", "1,,2", "1,", ",1", "1 2", "0-99999999", "99999999999", "1-2-3",
                             "0-3,2", "0x3", "+1", "1\n2", "0-10:2"})
        CHECK(os::parse_core_list(text) == std::nullopt);
}

TEST_CASE("a node has its physical cores first and then their siblings", "[os][placement]") {
    const BigMachine machine;
    const std::vector<Node> nodes = machine.nodes(range(0, 63));
    REQUIRE(nodes.size() == 4);
    CHECK(nodes[1] == Node{{8, 9, 10, 11, 12, 13, 14, 15, 40, 41, 42, 43, 44, 45, 46, 47}, 8});
    CHECK(nodes[3].cores.front() == 24);
    const Machine neighbours;  // as some machines number them
    neighbours.node(0, "0-3\n");
    for (int core = 0; core < 4; ++core) neighbours.siblings(core, core < 2 ? "0-1\n" : "2-3\n");
    CHECK(neighbours.nodes(range(0, 3)) == std::vector<Node>{{{0, 2, 1, 3}, 2}});
}

TEST_CASE("only cores of the affinity mask count, and a sibling whose partner is not in it is a core",
          "[os][placement]") {
    const BigMachine machine;
    CHECK(machine.nodes({3, 35, 40, 9}) == std::vector<Node>{{{3, 35}, 1}, {{9, 40}, 2}});
    CHECK(machine.nodes({62, 63}) == std::vector<Node>{{{62, 63}, 2}});
}

TEST_CASE("nodes are in the order of their numbers, and those without cores are left out", "[os][placement]") {
    const Machine machine;
    machine.node(10, "2-3\n");
    machine.node(2, "0-1\n");
    machine.node(4, "\n");
    CHECK(machine.nodes(range(0, 3)) == std::vector<Node>{{{0, 1}, 2}, {{2, 3}, 2}});
}

TEST_CASE("a system that says nothing or nonsense has one node with all usable cores", "[os][placement]") {
    const std::vector<Node> one{{{0, 1, 2, 3}, 4}};
    CHECK(os::cores_by_node("/nowhere", range(0, 3)) == one);
    const Machine empty;
    CHECK(empty.nodes(range(0, 3)) == one);
    const Machine garbage;
    garbage.node(0, "0-1\n");
    garbage.node(1, "two and three\n");
    CHECK(garbage.nodes(range(0, 3)) == one);
    const Machine twice;
    twice.node(0, "0-2\n");
    twice.node(1, "2-3\n");
    CHECK(twice.nodes(range(0, 3)) == one);
    const Machine missing;
    missing.node(0, "0-2\n");
    CHECK(missing.nodes(range(0, 3)) == one);
    const Machine odd_siblings;
    odd_siblings.node(0, "0-1\n");
    odd_siblings.node(1, "2-3\n");
    odd_siblings.siblings(0, "?\n");
    odd_siblings.siblings(1, "7-9\n");
    for (const int core : {2, 3}) odd_siblings.siblings(core, "0-3\n");  // beyond its node
    CHECK(odd_siblings.nodes(range(0, 3)) == std::vector<Node>{{{0, 1}, 2}, {{2, 3}, 1}});
}

TEST_CASE("workers are dealt evenly to the nodes in blocks, to physical cores first", "[os][placement]") {
    const std::vector<Node> nodes = BigMachine().nodes(range(0, 63));
    CHECK(nodes_of(nodes, 4) == Places{0, 1, 2, 3});
    CHECK(nodes_of(nodes, 6) == Places{0, 0, 1, 1, 2, 3});
    CHECK(cores_of(nodes, 6) == std::vector{0, 1, 8, 9, 16, 24});
    std::vector<int> cores = cores_of(nodes, 32);
    CHECK(cores == range(0, 31));
    cores = cores_of(nodes, 40);
    CHECK(std::vector(cores.begin(), cores.begin() + 10) == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 32, 33});
    cores = cores_of(nodes, 64);
    std::ranges::sort(cores);
    CHECK(cores == range(0, 63));
    cores = cores_of(nodes, 128);
    for (int core = 0; core < 64; ++core) CHECK(std::ranges::count(cores, core) == 2);
}

TEST_CASE("a small node is not given more workers than cores while another has some left", "[os][placement]") {
    const std::vector<Node> nodes{{{0, 1, 2, 3, 8, 9}, 4}, {{4, 12}, 1}};
    CHECK(nodes_of(nodes, 1) == Places{0});
    CHECK(nodes_of(nodes, 2) == Places{0, 1});
    CHECK(nodes_of(nodes, 5) == Places{0, 0, 0, 0, 1});
    CHECK(nodes_of(nodes, 6) == Places{0, 0, 0, 0, 1, 1});
    CHECK(cores_of(nodes, 8) == std::vector{0, 1, 2, 3, 8, 9, 4, 12});
    const std::vector<Node> one{{{5}, 1}};
    CHECK(cores_of(one, 3) == std::vector{5, 5, 5});
}

TEST_CASE("the real machine's nodes have exactly the usable cores", "[os][placement]") {
    std::vector<int> all;
    for (const Node& node : os::cores_by_node()) {
        CHECK(node.physical_cores >= 1);
        CHECK(node.physical_cores <= node.cores.size());
        all.insert(all.end(), node.cores.begin(), node.cores.end());
    }
    std::ranges::sort(all);
    CHECK(all == os::usable_core_numbers());
}

TEST_CASE("a thread is tied to a core while the scope lives, and others are not", "[os][placement]") {
    const std::vector<int> all = os::usable_core_numbers();
    std::vector<int> tied;
    std::vector<int> started_meanwhile;
    std::vector<int> afterwards;
    int ran_on = -1;
    std::thread([&] {
        {
            const os::PinnedThread pinned(std::span(&all.back(), 1));
            tied = os::usable_core_numbers();
            ran_on = ::sched_getcpu();
            std::thread([&] { started_meanwhile = os::usable_core_numbers(); }).join();
        }
        afterwards = os::usable_core_numbers();
    }).join();
    CHECK(tied == std::vector{all.back()});
    CHECK(ran_on == all.back());
    CHECK(started_meanwhile == tied);
    CHECK(afterwards == all);
    CHECK(os::usable_core_numbers() == all);
}

TEST_CASE("a process that may use one core has one node with that core", "[os][placement]") {
    const std::vector<int> all = os::usable_core_numbers();
    const auto ending = slicepool::test::forked([&] {
        os::pin_calling_thread(std::span(&all.back(), 1));
        const std::vector<Node> nodes = os::cores_by_node();
        return nodes == std::vector<Node>{{{all.back()}, 1}} ? 0 : 1;
    });
    CHECK(ending.code == 0);
}

TEST_CASE("cores that are not there are an error that names them, and nothing changes", "[os][placement]") {
    const std::vector<int> all = os::usable_core_numbers();
    const std::vector<std::vector<int>> wrong{{}, {-1}, {60001, 60002}, {all.front(), 1 << 20}};
    for (const std::vector<int>& cores : wrong) CHECK_THROWS_AS(os::pin_calling_thread(cores), slicepool::SystemError);
    CHECK(missing_in(message_of<slicepool::SystemError>([&] { os::pin_calling_thread(wrong[2]); }), {"60001,60002"}) ==
          "");
    CHECK_THROWS_AS(os::PinnedThread(wrong[2]), slicepool::SystemError);
    CHECK(os::usable_core_numbers() == all);
}
