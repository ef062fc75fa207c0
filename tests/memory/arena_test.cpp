// The arena: what it hands out, recycles, gives back and refuses.
#include "memory/arena.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "memory/storage.hpp"
#include "os/machine.hpp"
#include "os/mapping.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

void fill(const std::shared_ptr<const Storage>& storage, std::byte value) {
    std::ranges::fill(storage->range(), value);
}

bool holds(const std::shared_ptr<const Storage>& storage, std::byte value) {
    return std::ranges::all_of(storage->range(), [&](std::byte byte) { return byte == value; });
}

}  // namespace

TEST_CASE("a block is page-aligned, at least as large as asked for, and in the arena", "[memory][arena]") {
    Arena arena(64 * kMiB);
    const std::size_t bytes = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4097}, kMiB + 13);
    const auto block = arena.allocate(bytes, 7);
    CHECK(reinterpret_cast<std::uintptr_t>(block->range().data()) % os::page_bytes() == 0);
    CHECK(block->range().size() >= std::max<std::size_t>(bytes, 1));
    CHECK(block->range().size() % os::page_bytes() == 0);
    CHECK(block->range().data() >= arena.range().data());
    CHECK(block->range().data() + block->range().size() <= arena.range().data() + arena.range().size());
    CHECK(block->writable());
    CHECK(block->copied_bytes() == 7);
    CHECK(block->reserved_in_workers());
    CHECK(block->descriptor() == -1);
}

TEST_CASE("a block that nobody has written costs next to nothing", "[memory][arena]") {
    Arena arena(512 * kMiB);
    const auto block = arena.allocate(256 * kMiB);
    CHECK(arena.populated_bytes() < kMiB);
}

TEST_CASE("a freed block is given out again and costs no new pages", "[memory][arena]") {
    Arena arena(64 * kMiB);
    auto block = arena.allocate(8 * kMiB);
    fill(block, std::byte{1});
    const std::byte* const address = block->range().data();
    const std::uint64_t populated = arena.populated_bytes();
    CHECK(populated >= 8 * kMiB);
    block.reset();
    CHECK(arena.unused_bytes() == 8 * kMiB);
    CHECK(arena.populated_bytes() == populated);
    block = arena.allocate(8 * kMiB);
    CHECK(block->range().data() == address);
    fill(block, std::byte{2});
    CHECK(arena.populated_bytes() == populated);
    CHECK(arena.unused_bytes() == 0);
}

TEST_CASE("a freed block serves a request up to an eighth smaller, not one much smaller or larger", "[memory][arena]") {
    Arena arena(64 * kMiB);
    auto block = arena.allocate(9 * kMiB);
    fill(block, std::byte{1});
    const std::byte* const address = block->range().data();
    block.reset();
    const auto much_smaller = arena.allocate(kMiB);
    CHECK(much_smaller->range().data() != address);
    const auto larger = arena.allocate(10 * kMiB);
    CHECK(larger->range().data() != address);
    const auto slightly_smaller = arena.allocate(8 * kMiB + os::page_bytes());
    CHECK(slightly_smaller->range().data() == address);
    CHECK(slightly_smaller->range().size() == 9 * kMiB);
}

TEST_CASE("releasing what is unused gives the pages back and keeps what is in use", "[memory][arena]") {
    Arena arena(64 * kMiB);
    const auto kept = arena.allocate(4 * kMiB);
    fill(kept, std::byte{5});
    {
        const auto freed = arena.allocate(16 * kMiB);
        fill(freed, std::byte{6});
    }
    CHECK(arena.populated_bytes() >= 20 * kMiB);
    arena.release_unused();
    CHECK(arena.unused_bytes() == 0);
    CHECK(arena.populated_bytes() >= 4 * kMiB);
    CHECK(arena.populated_bytes() < 5 * kMiB);
    CHECK(holds(kept, std::byte{5}));
    arena.release_unused();
    CHECK(arena.allocate(16 * kMiB)->range().size() == 16 * kMiB);
}

TEST_CASE("what is too large for the machine is refused with both sizes before anything is touched",
          "[memory][arena]") {
    REQUIRE(os::available_memory().has_value());
    const std::size_t too_much = 4 * os::total_memory() + 1024 * kMiB;
    Arena arena(2 * too_much);
    const std::uint64_t populated = arena.populated_bytes();
    const std::string message = test::message_of<SystemError>([&] { static_cast<void>(arena.allocate(too_much)); });
    char wanted[32];
    std::snprintf(wanted, sizeof wanted, "%.2f GB", static_cast<double>(os::whole_pages(too_much)) / 1e9);
    CHECK(test::missing_in(message, {"allocate", wanted, "GB are available"}) == "");
    try {
        static_cast<void>(arena.allocate(too_much));
    } catch (const SystemError& error) {
        CHECK(error.code() == std::errc::not_enough_memory);
    }
    CHECK(arena.populated_bytes() == populated);
    CHECK(arena.allocate(kMiB) != nullptr);
}

TEST_CASE("memory promised to blocks that nobody has written yet is not promised again", "[memory][arena]") {
    const auto available = os::available_memory();
    REQUIRE(available.has_value());
    Arena arena(4 * *available);
    const std::size_t two_thirds = *available / 3 * 2;
    auto promised = arena.allocate(two_thirds);
    CHECK(test::missing_in(test::message_of<SystemError>([&] { static_cast<void>(arena.allocate(two_thirds)); }),
                           {"promised to other volumes"}) == "");
    promised.reset();
    CHECK_NOTHROW(arena.allocate(two_thirds));
}

TEST_CASE("a freed block that was never written is promised like a new one", "[memory][arena]") {
    const auto available = os::available_memory();
    REQUIRE(available.has_value());
    Arena arena(4 * *available);
    const std::size_t two_thirds = *available / 3 * 2;
    static_cast<void>(arena.allocate(two_thirds));
    const auto half = arena.allocate(*available / 2);
    CHECK_THROWS_AS(arena.allocate(two_thirds), SystemError);
}

TEST_CASE("a full range is refused, and has room again when a block goes", "[memory][arena]") {
    Arena arena(16 * kMiB);
    auto block = arena.allocate(10 * kMiB);
    CHECK(test::missing_in(test::message_of<SystemError>([&] { static_cast<void>(arena.allocate(10 * kMiB)); }),
                           {"address space"}) == "");
    block.reset();
    // Neither block fits beside the kept one: it is given up for the larger.
    CHECK(arena.allocate(14 * kMiB)->range().size() == 14 * kMiB);
}

TEST_CASE("storages count up, so that a worker knows which it has inherited", "[memory][arena]") {
    Arena arena(16 * kMiB);
    const std::uint64_t before = Storage::next_serial();
    const auto first = arena.allocate(1);
    const auto second = arena.allocate(1);
    CHECK(first->serial() >= before);
    CHECK(second->serial() > first->serial());
    CHECK(Storage::next_serial() > second->serial());
    CHECK_FALSE(first->populated());
    first->set_populated();
    CHECK(first->populated());
    CHECK_FALSE(second->populated());
}

TEST_CASE("many threads may allocate and free at once", "[memory][arena]") {
    Arena arena(256 * kMiB);
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::vector<std::thread> threads;
    std::atomic<int> torn{0};
    for (unsigned number = 0; number < 4; ++number)
        threads.emplace_back([&, number] {
            std::mt19937 random(seed + number);
            for (int step = 0; step < 200; ++step) {
                const auto block = arena.allocate(1 + random() % 100'000);
                const auto mark = static_cast<std::byte>(random() % 256);
                fill(block, mark);
                if (step % 50 == 0) arena.release_unused();
                if (!holds(block, mark)) ++torn;
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(torn == 0);
    arena.release_unused();
    CHECK(arena.unused_bytes() == 0);
    CHECK(arena.populated_bytes() < kMiB);
}
