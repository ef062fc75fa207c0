#include "os/signals.hpp"

#include <pthread.h>
#include <signal.h>

namespace slicepool::os {
namespace {

sigset_t* as_set(std::array<std::byte, 128>& bytes) noexcept {
    static_assert(sizeof(sigset_t) <= sizeof bytes);
    return reinterpret_cast<sigset_t*>(bytes.data());
}

}  // namespace

SignalsBlocked::SignalsBlocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, as_set(before_));
}

SignalsBlocked::~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, as_set(before_), nullptr); }

}  // namespace slicepool::os
