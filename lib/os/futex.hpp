// futex.hpp: sleeping until a word in shared memory changes, across processes and with a time limit.
// std::atomic::wait is no substitute: in libstdc++ its futex is private to one process.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace slicepool::os {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(FutexWord::is_always_lock_free && sizeof(FutexWord) == 4, "the kernel looks at exactly these four bytes");

/// Sleeps while `word` is `expected`, at most `limit`. May return early for no reason; the caller looks again.
void wait_while_equal(const FutexWord& word, std::uint32_t expected, std::chrono::milliseconds limit) noexcept;

/// Wakes every thread of every process that sleeps on `word`.
void wake_all(FutexWord& word) noexcept;

}  // namespace slicepool::os
