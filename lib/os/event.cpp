#include "os/event.hpp"

#include "os/channel.hpp"

#include <slicepool/core/error.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <tuple>

namespace slicepool::os {

Event::Event() { std::tie(heard_, rung_) = make_channel(); }

void Event::ring() const noexcept {
    // By send, which refuses what user code may have opened under a number that it had closed. Full means: rung often
    // enough.
    const char ring = 0;
    [[maybe_unused]] const auto ignored = ::send(rung_.get(), &ring, sizeof ring, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Event::clear() const noexcept {
    char ring = 0;
    while (::recv(heard_.get(), &ring, sizeof ring, MSG_DONTWAIT) > 0) {
    }
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
