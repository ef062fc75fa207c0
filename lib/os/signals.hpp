// signals.hpp: keeping the host's signals away from threads that are not the host's.
// It installs no handler.
#pragma once

#include <memory>

namespace slicepool::os {

/// Blocks all signals in the calling thread while it lives, so that a thread started meanwhile never takes one.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept;
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    struct Mask;
    std::unique_ptr<Mask> before_;
};

}  // namespace slicepool::os
