// shared_heap.hpp: allocation inside one range of shared memory, by Boost.Interprocess.
// It maps nothing and locks nothing: the caller owns the range and serialises the calls.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace slicepool::os {

/// Hands out blocks of a range. Its book-keeping lies in the range itself, in front of each block, and refers to it by
/// relative pointers. One thread of one process at a time.
class SharedHeap {
public:
    /// Takes over `range` (page-aligned), whose memory must outlive this object. Only touched pages get memory.
    explicit SharedHeap(std::span<std::byte> range);
    ~SharedHeap();
    SharedHeap(const SharedHeap&) = delete;
    SharedHeap& operator=(const SharedHeap&) = delete;

    /// `bytes` at a multiple of `alignment` (a power of two), or nullptr when there is no such hole.
    [[nodiscard]] std::byte* allocate(std::size_t bytes, std::size_t alignment) noexcept;
    void deallocate(std::byte* block) noexcept;

private:
    struct Segment;
    std::unique_ptr<Segment> segment_;
};

}  // namespace slicepool::os
