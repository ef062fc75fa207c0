#include "os/event.hpp"

#include <slicepool/core/error.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace slicepool::os {

Event::Event() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!fd_) throw SystemError("create", "event descriptor", last_system_error());
}

void Event::ring() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto ignored = ::write(fd_.get(), &one, sizeof one);  // full means: rung often enough
}

void Event::clear() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto ignored = ::read(fd_.get(), &count, sizeof count);
}

std::vector<bool> wait_readable(std::span<const int> fds, std::chrono::nanoseconds limit) {
    std::vector<pollfd> polled;
    polled.reserve(fds.size());
    for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
    const timespec timeout{static_cast<time_t>(limit.count() / 1'000'000'000),
                           static_cast<long>(limit.count() % 1'000'000'000)};
    const int result = ::ppoll(polled.data(), polled.size(), &timeout, nullptr);
    if (result < 0 && errno != EINTR) throw SystemError("poll", "worker descriptors", last_system_error());
    std::vector<bool> readable(fds.size(), false);
    for (std::size_t i = 0; result > 0 && i < polled.size(); ++i) readable[i] = polled[i].revents != 0;
    return readable;
}

}  // namespace slicepool::os
