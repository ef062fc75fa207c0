#include "os/interrupt.hpp"

#include <slicepool/core/error.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace slicepool::os {
namespace {

/// A blocked signal reaches a signalfd even where the program ignores it, so those must be left out.
bool is_ignored(int signal) noexcept {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Interrupts::Interrupts(std::function<void(int)> on_signal) : on_signal_(std::move(on_signal)) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        if (!is_ignored(signal)) ::sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) throw SystemError("create", "signal descriptor", last_system_error());
    thread_ = std::thread([this] { listen(); });
}

Interrupts::~Interrupts() {
    end_.ring();
    thread_.join();
}

void Interrupts::listen() const {
    int count = 0;
    const std::array fds{signals_.get(), end_.fd()};
    while (true) {
        const std::vector<bool> readable = wait_readable(fds, std::chrono::hours(1));
        if (readable[1]) return;
        signalfd_siginfo info{};
        while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) on_signal_(++count);
    }
}

void failed_writes_are_errors() noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGPIPE);
    ::sigaddset(&set, SIGXFSZ);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace slicepool::os
