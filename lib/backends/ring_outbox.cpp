#include "backends/ring_outbox.hpp"

#include "os/futex.hpp"

namespace slicepool {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookAgain = 50ms;  // no wait relies on a wake-up alone

}  // namespace

bool RingOutbox::send(std::span<const std::byte> message) noexcept {
    while (true) {
        const std::uint32_t room = ring_.counters().room.load(std::memory_order_acquire);
        message = message.subspan(ring_.send(message));
        bell_.ring();
        if (message.empty()) return true;
        if (header_.run.load(std::memory_order_acquire) != run_ || header_.closing.load() != 0) return false;
        os::wait_while_equal(ring_.counters().room, room, kLookAgain);
    }
}

}  // namespace slicepool
