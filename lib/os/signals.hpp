// signals.hpp: keeping the host's signals away from threads that are not the host's.
// It installs no handler.
#pragma once

#include <array>
#include <cstddef>

namespace slicepool::os {

/// Blocks all signals in the calling thread while it lives, so that a thread started meanwhile never takes one and no
/// system call is interrupted.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept;
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    alignas(std::max_align_t) std::array<std::byte, 128> before_;  // a sigset_t, whose header stays in the .cpp
};

}  // namespace slicepool::os
