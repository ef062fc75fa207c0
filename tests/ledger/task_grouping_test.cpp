// How positions are dealt into tasks: every position in exactly one task, in order.
#include "ledger/task_grouping.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace slicepool;

namespace {

/// "" when the tasks cover 0 ... count-1 once each and in order, and each but the first and last has a full group.
std::string fault_of(const TaskGrouping& grouping, std::int64_t count) {
    std::int64_t next = 0;
    const std::int64_t tasks = grouping.task_count(count);
    for (std::int64_t task = 0; task < tasks; ++task) {
        const auto [begin, end] = grouping.positions(task, count);
        if (begin != next) return "task " + std::to_string(task) + " begins at " + std::to_string(begin);
        if (end <= begin) return "task " + std::to_string(task) + " is empty";
        if (end > count) return "task " + std::to_string(task) + " ends behind the run";
        if (end - begin > grouping.group) return "task " + std::to_string(task) + " is too large";
        if (task == 0 && grouping.head != 0 && end != std::min(grouping.head, count)) return "the head is wrong";
        if (task > 0 && task + 1 < tasks && end - begin != grouping.group) return "a task in the middle is too small";
        next = end;
    }
    return next == count ? "" : "the tasks end at " + std::to_string(next);
}

}  // namespace

TEST_CASE("every position is in exactly one task, for all small runs, groups and heads", "[ledger][grouping]") {
    for (std::int64_t group = 1; group <= 9; ++group)
        for (std::int64_t head = 0; head < group; ++head)
            for (std::int64_t count = 0; count <= 40; ++count) {
                INFO("count " << count << ", group " << group << ", head " << head);
                REQUIRE(fault_of({group, head}, count) == "");
            }
}

TEST_CASE("every position is in exactly one task, for random runs, groups and heads", "[ledger][grouping]") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 300; ++round) {
        const auto group = static_cast<std::int64_t>(1 + random() % 64);
        const auto head = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(group));
        const auto count = static_cast<std::int64_t>(random() % 5000);
        INFO("count " << count << ", group " << group << ", head " << head);
        REQUIRE(fault_of({group, head}, count) == "");
    }
}

TEST_CASE("a run of nothing has no tasks", "[ledger][grouping]") {
    CHECK(TaskGrouping{1, 0}.task_count(0) == 0);
    CHECK(TaskGrouping{16, 5}.task_count(0) == 0);
}

TEST_CASE("the largest runs do not overflow", "[ledger][grouping]") {
    constexpr std::int64_t kMany = std::int64_t{1} << 61;
    const TaskGrouping grouping{16, 3};
    const std::int64_t tasks = grouping.task_count(kMany);
    CHECK(tasks == 1 + (kMany - 3 + 15) / 16);
    CHECK(grouping.positions(tasks - 1, kMany).end == kMany);
    CHECK(TaskGrouping{}.positions(kMany - 1, kMany).end == kMany);
}

TEST_CASE("a position of a selection is a slice of the volume", "[ledger][grouping]") {
    const SliceSelection slices{10, 3, 4};
    CHECK(slices.index(0) == 10);
    CHECK(slices.index(3) == 19);
}
