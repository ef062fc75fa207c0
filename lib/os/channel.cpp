#include "os/channel.hpp"

#include <slicepool/core/error.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace slicepool::os {

std::pair<FileDescriptor, FileDescriptor> make_channel() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw SystemError("create", "channel to the template process", last_system_error());
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

bool send_message(int channel, std::span<const std::byte> message, int attached) noexcept {
    iovec payload{const_cast<std::byte*>(message.data()), message.size()};  // sendmsg does not write
    msghdr header{};
    header.msg_iov = &payload;
    header.msg_iovlen = 1;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    if (attached >= 0) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* const rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(rights), &attached, sizeof attached);
    }
    ssize_t sent = 0;
    do sent = ::sendmsg(channel, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(message.size());
}

Received receive_message(int channel, std::span<std::byte> message, FileDescriptor& attached,
                         std::chrono::milliseconds limit) noexcept {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd polled{channel, POLLIN, 0};
        const int ready =
            ::poll(&polled, 1, static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0)));
        if (ready == 0) return Received::timed_out;
        if (ready > 0) break;
        if (errno != EINTR) return Received::closed;
    }
    iovec payload{message.data(), message.size()};
    msghdr header{};
    header.msg_iov = &payload;
    header.msg_iovlen = 1;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t received = 0;
    do received = ::recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0) return Received::closed;
    const cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS &&
        rights->cmsg_len == CMSG_LEN(sizeof(int))) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
        attached.reset(fd);
    }
    const bool whole = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
    return whole && received == static_cast<ssize_t>(message.size()) ? Received::message : Received::closed;
}

}  // namespace slicepool::os
