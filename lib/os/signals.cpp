#include "os/signals.hpp"

#include <pthread.h>
#include <signal.h>

namespace slicepool::os {

struct SignalsBlocked::Mask {
    sigset_t set;
};

SignalsBlocked::SignalsBlocked() noexcept : before_(std::make_unique<Mask>()) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_->set);
}

SignalsBlocked::~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_->set, nullptr); }

}  // namespace slicepool::os
