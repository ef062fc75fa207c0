// event.hpp: a descriptor that any process holding it can ring, and waiting on several descriptors at once.
// A ring is only a hint: nobody may rely on it arriving.
#pragma once

#include "os/file_descriptor.hpp"

#include <chrono>
#include <span>
#include <vector>

namespace slicepool::os {

class Event {
public:
    /// Throws SystemError.
    Event();
    /// Safe from any thread and any forked process.
    void ring() const noexcept;
    /// Forgets all rings so far.
    void clear() const noexcept;
    [[nodiscard]] int fd() const noexcept { return heard_.get(); }

private:
    FileDescriptor heard_;
    FileDescriptor rung_;
};

/// Waits until one of `fds` is readable (or hung up), at most `limit`; returns one flag per descriptor. Interruption by a
/// signal counts as a time-out. Throws SystemError.
[[nodiscard]] std::vector<bool> wait_readable(std::span<const int> fds, std::chrono::nanoseconds limit);

}  // namespace slicepool::os
