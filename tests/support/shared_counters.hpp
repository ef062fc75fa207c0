// shared_counters.hpp: a few numbers that worker processes and the test both see, for functions that misbehave a
// certain number of times.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>

#include <sys/mman.h>

namespace slicepool::test {

/// Zeroed, inherited by processes forked later, gone with this object.
class SharedCounters {
public:
    explicit SharedCounters(std::size_t count) : bytes_(count * sizeof(std::atomic<std::int64_t>)), count_(count) {
        memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) throw std::runtime_error("mmap");
    }
    ~SharedCounters() { munmap(memory_, bytes_); }
    SharedCounters(const SharedCounters&) = delete;
    SharedCounters& operator=(const SharedCounters&) = delete;

    std::atomic<std::int64_t>& operator[](std::size_t index) const {
        return static_cast<std::atomic<std::int64_t>*>(memory_)[index];
    }
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    void* memory_;
    std::size_t bytes_;
    std::size_t count_;
};

}  // namespace slicepool::test
