// result_ring.hpp: a stream of bytes from one worker to the host, through a ring of shared memory.
// It does not wait: whoever finds it full or empty decides what to do. What the bytes mean is call_message.hpp's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace slicepool {

/// The ring's counters; each side writes one. Fresh memory that reads as zero is an empty ring.
struct ResultRingCounters {
    alignas(128) std::atomic<std::uint64_t> sent{0};   ///< bytes, by the worker
    alignas(128) std::atomic<std::uint64_t> taken{0};  ///< bytes, by the host
    std::atomic<std::uint32_t> room{0};                ///< bumped by the host when it has taken something
};

/// One worker sends, the host takes; either may be killed at any instruction. The size comes from us, and the host
/// believes no counter: a worker that scribbles over them sends garbage, nothing worse.
class ResultRing {
public:
    ResultRing(ResultRingCounters& counters, std::span<std::byte> bytes) noexcept
        : counters_(&counters), bytes_(bytes) {}

    /// Copies as much of `message` as there is room for; returns how much.
    [[nodiscard]] std::size_t send(std::span<const std::byte> message) noexcept;
    /// Appends what has come in to `inbox`; false when the counters make no sense. Whoever waits for room is the
    /// caller's to wake.
    [[nodiscard]] bool take(std::vector<std::byte>& inbox);
    /// Empties the ring. For the host, when no worker uses it.
    void clear() noexcept;

    [[nodiscard]] ResultRingCounters& counters() const noexcept { return *counters_; }

private:
    ResultRingCounters* counters_;
    std::span<std::byte> bytes_;
};

}  // namespace slicepool
