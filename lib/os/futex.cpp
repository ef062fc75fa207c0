#include "os/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace slicepool::os {

void wait_while_equal(const FutexWord& word, std::uint32_t expected, std::chrono::milliseconds limit) noexcept {
    timespec timeout{};
    timeout.tv_sec = limit.count() / 1000;
    timeout.tv_nsec = limit.count() % 1000 * 1'000'000;
    // FUTEX_WAIT without the PRIVATE flag works across processes; its timeout is relative, on the monotonic clock.
    ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &timeout, nullptr, 0);
}

void wake_all(FutexWord& word) noexcept { ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

}  // namespace slicepool::os
