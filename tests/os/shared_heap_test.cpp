// Allocation inside shared memory: alignment, no overlap, and holes that close again.
#include "os/shared_heap.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "os/mapping.hpp"
#include "support/catch.hpp"

namespace os = slicepool::os;

namespace {

struct Heap {
    os::Mapping mapping;
    os::SharedHeap heap;
    explicit Heap(std::size_t bytes)
        : mapping(os::Mapping::of_file(os::sealed_memory_file("test", bytes).get(), 0, bytes, os::Access::read_write,
                                       "test")),
          heap(mapping.range()) {}
};

bool is_aligned(const std::byte* block, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

}  // namespace

TEST_CASE("blocks have the alignment asked for and lie in the range", "[os][heap]") {
    Heap owner(1 << 20);
    const std::size_t alignment = GENERATE(std::size_t{16}, std::size_t{64}, std::size_t{4096}, std::size_t{65536});
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{17}, std::size_t{4096}, std::size_t{10000}}) {
        std::byte* const block = owner.heap.allocate(bytes, alignment);
        REQUIRE(block != nullptr);
        CHECK(is_aligned(block, alignment));
        CHECK(block >= owner.mapping.data());
        CHECK(block + bytes <= owner.mapping.data() + owner.mapping.size());
        owner.heap.deallocate(block);
    }
}

TEST_CASE("what does not fit is refused without harm", "[os][heap]") {
    Heap owner(1 << 20);
    CHECK(owner.heap.allocate(2 << 20, 4096) == nullptr);
    CHECK(owner.heap.allocate(SIZE_MAX / 2, 4096) == nullptr);
    std::byte* const block = owner.heap.allocate(1 << 19, 4096);
    REQUIRE(block != nullptr);
    CHECK(owner.heap.allocate(1 << 19, 4096) == nullptr);
    owner.heap.deallocate(block);
    CHECK(owner.heap.allocate(1 << 19, 4096) == block);
}

TEST_CASE("blocks never overlap, and all of the range is free again in the end", "[os][heap]") {
    struct Held {
        std::byte* block;
        std::size_t bytes;
        std::byte mark;
    };
    Heap owner(4 << 20);
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::vector<Held> held;
    std::byte* const largest = owner.heap.allocate(3 << 20, 4096);
    REQUIRE(largest != nullptr);
    owner.heap.deallocate(largest);
    bool intact = true;
    for (int step = 0; step < 3000; ++step) {
        if (held.empty() || random() % 2 == 0) {
            const std::size_t bytes = 1 + random() % 40000;
            const std::size_t alignment = std::size_t{1} << (4 + random() % 10);
            std::byte* const block = owner.heap.allocate(bytes, alignment);
            if (block == nullptr) continue;
            REQUIRE(is_aligned(block, alignment));
            const auto mark = static_cast<std::byte>(random() % 256);
            std::fill_n(block, bytes, mark);
            held.push_back({block, bytes, mark});
        } else {
            std::swap(held[random() % held.size()], held.back());
            const Held gone = held.back();
            held.pop_back();
            intact =
                intact && std::all_of(gone.block, gone.block + gone.bytes, [&](std::byte b) { return b == gone.mark; });
            owner.heap.deallocate(gone.block);
        }
    }
    CHECK(intact);
    for (const Held& rest : held) owner.heap.deallocate(rest.block);
    CHECK(owner.heap.allocate(3 << 20, 4096) != nullptr);
}

TEST_CASE("a heap touches only the pages it uses", "[os][heap]") {
    const std::size_t bytes = std::size_t{1} << 30;
    const os::FileDescriptor file = os::sealed_memory_file("test", bytes);
    const os::Mapping mapping = os::Mapping::of_file(file.get(), 0, bytes, os::Access::read_write, "test");
    os::SharedHeap heap(mapping.range());
    std::byte* const block = heap.allocate(bytes / 2, os::page_bytes());
    REQUIRE(block != nullptr);
    CHECK(os::allocated_bytes(file.get()) <= 16 * os::page_bytes());
    heap.deallocate(block);
    CHECK(os::allocated_bytes(file.get()) <= 16 * os::page_bytes());
}
