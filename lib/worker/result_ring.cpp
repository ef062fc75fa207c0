#include "worker/result_ring.hpp"

#include <algorithm>
#include <cstring>

namespace slicepool {

std::size_t ResultRing::send(std::span<const std::byte> message) noexcept {
    const std::uint64_t sent = counters_->sent.load(std::memory_order_relaxed);
    const std::uint64_t waiting = sent - counters_->taken.load(std::memory_order_acquire);
    const std::size_t room = waiting > bytes_.size() ? 0 : bytes_.size() - static_cast<std::size_t>(waiting);
    const std::size_t count = std::min(room, message.size());
    const auto at = static_cast<std::size_t>(sent % bytes_.size());
    const std::size_t first = std::min(count, bytes_.size() - at);
    if (first > 0) std::memcpy(bytes_.data() + at, message.data(), first);
    if (count > first) std::memcpy(bytes_.data(), message.data() + first, count - first);
    counters_->sent.store(sent + count, std::memory_order_release);
    return count;
}

bool ResultRing::take(std::vector<std::byte>& inbox) {
    const std::uint64_t taken = counters_->taken.load(std::memory_order_relaxed);
    const std::uint64_t waiting = counters_->sent.load(std::memory_order_acquire) - taken;
    if (waiting == 0) return true;
    if (waiting > bytes_.size()) return false;
    const auto count = static_cast<std::size_t>(waiting);
    const auto at = static_cast<std::size_t>(taken % bytes_.size());
    const std::size_t first = std::min(count, bytes_.size() - at);
    const auto begin = bytes_.begin();
    inbox.insert(inbox.end(), begin + static_cast<std::ptrdiff_t>(at), begin + static_cast<std::ptrdiff_t>(at + first));
    inbox.insert(inbox.end(), begin, begin + static_cast<std::ptrdiff_t>(count - first));
    counters_->taken.store(taken + count, std::memory_order_release);
    counters_->room.fetch_add(1, std::memory_order_release);
    return true;
}

void ResultRing::clear() noexcept {
    counters_->sent.store(0);
    counters_->taken.store(0);
}

}  // namespace slicepool
