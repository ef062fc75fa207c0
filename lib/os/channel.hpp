// channel.hpp: a pair of connected sockets that carry small fixed messages and descriptors between host and template.
// No pixels and no slice states travel here.
#pragma once

#include "os/file_descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

namespace slicepool::os {

/// Two ends of a SOCK_SEQPACKET socket: message boundaries are kept. Throws SystemError.
[[nodiscard]] std::pair<FileDescriptor, FileDescriptor> make_channel();

/// Sends one message, with a descriptor when attached >= 0. False when the other end is gone.
[[nodiscard]] bool send_message(int channel, std::span<const std::byte> message, int attached = -1) noexcept;

enum class Received { message, closed, timed_out };

/// Receives one message of exactly message.size() bytes; anything else counts as closed. A descriptor that came along is
/// put in `attached`.
[[nodiscard]] Received receive_message(int channel, std::span<std::byte> message, FileDescriptor& attached,
                                       std::chrono::milliseconds limit) noexcept;

}  // namespace slicepool::os
