// The slice ledger's three transitions, one thread at a time and many at once.
#include "ledger/slice_ledger.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include "ledger/shared_ledger.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using slicepool::test::SharedLedger;

namespace {

constexpr Owner kAnne{0, 1};
constexpr Owner kBill{1, 2};

void check_counts(const SliceLedger& ledger, std::int64_t waiting, std::int64_t claimed, std::int64_t done,
                  std::int64_t failed) {
    const SliceLedger::Counts counts = ledger.count();
    CHECK(counts.waiting == waiting);
    CHECK(counts.claimed == claimed);
    CHECK(counts.done == done);
    CHECK(counts.failed == failed);
}

}  // namespace

TEST_CASE("a word keeps state, attempt and owner apart, at their limits too", "[ledger]") {
    for (const TaskState state : {TaskState::waiting, TaskState::claimed, TaskState::done, TaskState::failed})
        for (const int attempt : {0, 1, 2, 255, 256, 0x3ffe, 0x3fff})
            for (const int slot : {0, 1, 255, 256, 65535})
                for (const std::uint32_t incarnation : {0U, 1U, 65536U, 0xffffffffU}) {
                    const TaskEntry entry{
                        state, static_cast<std::uint16_t>(attempt), {static_cast<std::uint16_t>(slot), incarnation}};
                    REQUIRE(unpack(pack(entry)) == entry);
                }
    CHECK(pack({}) == 0);
}

TEST_CASE("a new ledger has every task waiting", "[ledger]") {
    SharedLedger shared(5);
    check_counts(shared.ledger, 5, 0, 0, 0);
    CHECK(shared.ledger.task_count() == 5);
    CHECK(shared.ledger.entry(3) == TaskEntry{});
    SharedLedger none(0);
    CHECK_FALSE(none.ledger.try_claim(kAnne));
    check_counts(none.ledger, 0, 0, 0, 0);
}

TEST_CASE("tasks are claimed in order and belong to who claimed them", "[ledger]") {
    SharedLedger shared(3);
    for (std::int64_t task = 0; task < 3; ++task) {
        const Owner owner = task == 1 ? kBill : kAnne;
        const auto claim = shared.ledger.try_claim(owner);
        REQUIRE(claim);
        CHECK(claim->task == task);
        CHECK(claim->entry == TaskEntry{TaskState::claimed, 0, owner});
        CHECK(shared.ledger.entry(task) == claim->entry);
    }
    CHECK_FALSE(shared.ledger.try_claim(kAnne));
    CHECK_FALSE(shared.ledger.try_claim(kBill));
    const auto claims = shared.ledger.claims_of(kAnne);
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].task == 0);
    CHECK(claims[1].task == 2);
    CHECK(shared.ledger.claims_of({0, 2}).empty());
    CHECK(shared.ledger.claims_of({7, 1}).empty());
    check_counts(shared.ledger, 0, 3, 0, 0);
}

TEST_CASE("a committed task is done for good", "[ledger]") {
    SharedLedger shared(1);
    const auto claim = shared.ledger.try_claim(kAnne);
    REQUIRE(claim);
    REQUIRE(shared.ledger.commit(*claim));
    CHECK(shared.ledger.entry(0).state == TaskState::done);
    CHECK_FALSE(shared.ledger.commit(*claim));
    CHECK_FALSE(shared.ledger.give_back(*claim));
    CHECK_FALSE(shared.ledger.give_up(*claim));
    CHECK_FALSE(shared.ledger.try_claim(kBill));
    CHECK(shared.ledger.claims_of(kAnne).empty());
    check_counts(shared.ledger, 0, 0, 1, 0);
}

TEST_CASE("a task given back is offered again with one more attempt, and the old claim is void", "[ledger]") {
    SharedLedger shared(2);
    const auto stale = shared.ledger.try_claim(kAnne);
    REQUIRE(stale);
    REQUIRE(shared.ledger.give_back(*stale));
    CHECK(shared.ledger.entry(0) == TaskEntry{TaskState::waiting, 1, {}});
    CHECK_FALSE(shared.ledger.commit(*stale));
    CHECK_FALSE(shared.ledger.give_back(*stale));

    REQUIRE(shared.ledger.try_claim(kBill)->task == 1);  // the ticket's way comes first
    const auto again = shared.ledger.try_claim(kBill);
    REQUIRE(again);
    CHECK(again->task == 0);
    CHECK(again->entry == TaskEntry{TaskState::claimed, 1, kBill});
    CHECK_FALSE(shared.ledger.commit(*stale));
    CHECK_FALSE(shared.ledger.give_up(*stale));
    CHECK(shared.ledger.commit(*again));
}

TEST_CASE("the stale claim of a worker does not hold even when the same worker gets the task again", "[ledger]") {
    SharedLedger shared(1);
    const auto stale = shared.ledger.try_claim(kAnne);
    REQUIRE(shared.ledger.give_back(*stale));
    const auto again = shared.ledger.try_claim(kAnne);
    REQUIRE(again);
    CHECK_FALSE(shared.ledger.commit(*stale));
    CHECK(shared.ledger.commit(*again));
}

TEST_CASE("a task given up is failed for good", "[ledger]") {
    SharedLedger shared(1);
    const auto claim = shared.ledger.try_claim(kAnne);
    REQUIRE(shared.ledger.give_up(*claim));
    CHECK_FALSE(shared.ledger.commit(*claim));
    CHECK_FALSE(shared.ledger.try_claim(kBill));
    check_counts(shared.ledger, 0, 0, 0, 1);
}

TEST_CASE("attempts are counted up to a limit and no further", "[ledger]") {
    SharedLedger shared(1);
    for (int round = 0; round < kLargestAttempt + 5; ++round) {
        const auto claim = shared.ledger.try_claim(kAnne);
        REQUIRE(claim);
        REQUIRE(claim->entry.attempt == std::min<int>(round, kLargestAttempt));
        REQUIRE(shared.ledger.give_back(*claim));
    }
    CHECK(shared.ledger.entry(0) == TaskEntry{TaskState::waiting, kLargestAttempt, {}});
}

TEST_CASE("tickets drawn by workers that were then killed cost no task", "[ledger][crash]") {
    SharedLedger shared(5);
    const std::int64_t drawn = GENERATE(1, 3, 5, 100);
    shared.draw_tickets(drawn);
    std::vector<std::int64_t> tasks;
    while (const auto claim = shared.ledger.try_claim(kAnne)) tasks.push_back(claim->task);
    std::ranges::sort(tasks);
    CHECK(tasks == std::vector<std::int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("any number in the ticket counter costs no task and no time", "[ledger][crash]") {
    SharedLedger shared(5);
    shared.set_tickets(GENERATE(std::int64_t{-1}, std::int64_t{-1} << 62, std::numeric_limits<std::int64_t>::min(),
                                std::numeric_limits<std::int64_t>::max(),
                                std::numeric_limits<std::int64_t>::max() - 1));
    std::vector<std::int64_t> tasks;
    for (int i = 0; i < 5; ++i) {
        const auto claim = shared.ledger.try_claim(kAnne);
        REQUIRE(claim);
        tasks.push_back(claim->task);
    }
    std::ranges::sort(tasks);
    CHECK(tasks == std::vector<std::int64_t>{0, 1, 2, 3, 4});
    CHECK_FALSE(shared.ledger.try_claim(kAnne));
}

TEST_CASE("a ledger seen through another view is the same ledger", "[ledger]") {
    SharedLedger shared(3);
    SliceLedger view = SliceLedger::attach(shared.mapping.range(), 3);
    const auto claim = view.try_claim(kBill);
    REQUIRE(claim);
    CHECK(shared.ledger.claims_of(kBill).size() == 1);
    CHECK(shared.ledger.commit(*claim));
    CHECK(view.entry(0).state == TaskState::done);
}

TEST_CASE("a ledger made anew over an old one has forgotten it", "[ledger]") {
    SharedLedger shared(3);
    while (const auto claim = shared.ledger.try_claim(kAnne)) static_cast<void>(shared.ledger.commit(*claim));
    const SliceLedger renewed = SliceLedger::create(shared.mapping.range(), 2);
    check_counts(renewed, 2, 0, 0, 0);
    SliceLedger working = renewed;
    CHECK(working.try_claim(kBill)->task == 0);
}

TEST_CASE("a worker that begins somewhere claims from there on and comes round, and draws no ticket", "[ledger]") {
    SharedLedger shared(7);
    REQUIRE(shared.ledger.try_claim(kAnne)->task == 0);
    REQUIRE(shared.ledger.try_claim_from(5, kAnne)->task == 5);
    std::vector<std::int64_t> claimed;
    while (const auto claim = shared.ledger.try_claim_from(4, kBill)) {
        CHECK(claim->entry == TaskEntry{TaskState::claimed, 0, kBill});
        claimed.push_back(claim->task);
    }
    CHECK(claimed == std::vector<std::int64_t>{4, 6, 1, 2, 3});
    REQUIRE(shared.ledger.give_back(shared.ledger.claims_of(kAnne)[1]));
    CHECK(shared.ledger.try_claim_from(6, kBill)->task == 5);

    SharedLedger untouched(3);
    REQUIRE(untouched.ledger.try_claim_from(2, kAnne)->task == 2);
    CHECK(untouched.ledger.try_claim(kBill)->task == 0);
}

TEST_CASE("where a worker begins is a hint: any number leads to every task of the window, and to no other",
          "[ledger]") {
    static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const auto first = GENERATE(values<std::int64_t>({-kMost, -1, 0, 3, 6, 7, kMost}));
    SharedLedger shared(7);
    ClaimWindow window;
    window.begin = 2;
    window.end = 5;
    std::vector<std::int64_t> claimed;
    while (const auto claim = shared.ledger.try_claim_from(first, kAnne, window)) claimed.push_back(claim->task);
    std::ranges::sort(claimed);
    CHECK(claimed == std::vector<std::int64_t>{2, 3, 4});
    window.end = kMost;
    CHECK(shared.ledger.try_claim_from(first, kAnne, window)->task >= 5);
}

TEST_CASE("many threads claim each task exactly once and see what its last owner wrote", "[ledger][threads]") {
    constexpr std::int64_t kTasks = 2000;
    constexpr int kThreads = 4;
    const int placed = GENERATE(0, 2, 4);  // so many of them begin somewhere, the others draw tickets
    SharedLedger shared(kTasks);
    // Plain memory on purpose: the ledger alone must order it (the thread sanitizer watches).
    std::vector<int> claimed(kTasks, 0);
    std::vector<std::thread> threads;
    std::atomic<int> refused{0};
    for (int number = 0; number < kThreads; ++number)
        threads.emplace_back([&, number] {
            SliceLedger ledger = shared.ledger;
            const Owner owner{static_cast<std::uint16_t>(number), 1};
            int round = 0;
            std::int64_t next = kTasks / kThreads * number;
            while (const auto claim = number < placed ? ledger.try_claim_from(next, owner) : ledger.try_claim(owner)) {
                next = claim->task + 1;
                ++claimed[static_cast<std::size_t>(claim->task)];
                // Every seventh is given back first, as after a death: the next owner must see the count.
                const bool passed_on = claim->entry.attempt == 0 && ++round % 7 == 0;
                if (!(passed_on ? ledger.give_back(*claim) : ledger.commit(*claim))) ++refused;
            }
        });
    for (std::thread& thread : threads) thread.join();
    // A thread may have left before another gave its task back.
    while (const auto claim = shared.ledger.try_claim({9, 9})) {
        ++claimed[static_cast<std::size_t>(claim->task)];
        REQUIRE(shared.ledger.commit(*claim));
    }
    CHECK(refused == 0);
    check_counts(shared.ledger, 0, 0, kTasks, 0);
    std::int64_t wrong = 0;
    for (std::int64_t task = 0; task < kTasks; ++task)
        wrong += claimed[static_cast<std::size_t>(task)] != 1 + shared.ledger.entry(task).attempt;
    CHECK(wrong == 0);
}
