#include "os/output_tail.hpp"

#include "os/signals.hpp"

#include <slicepool/core/error.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <string_view>

namespace slicepool::os {
namespace {

constexpr std::size_t kTailBytes = 2048;
constexpr std::size_t kMostAtOnce = std::size_t{256} << 10;  // a child that never stops must not keep its reader

/// Best effort: a host that has closed its standard error loses the text, as it would have without us.
void write_to_standard_error(std::string_view text) noexcept {
    const SignalsBlocked no_sigpipe_for_the_host;
    sigset_t pipe_signal;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    const bool was_pending = ::sigismember(&pending, SIGPIPE) == 1;
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    constexpr timespec kNow{};
    if (!was_pending) ::sigtimedwait(&pipe_signal, nullptr, &kNow);
}

}  // namespace

OutputTail::OutputTail() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw SystemError("create", "pipe for a worker's standard error", last_system_error());
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    ::fcntl(read_end_.get(), F_SETFL, O_NONBLOCK);
    tail_.reserve(2 * kTailBytes);
}

void OutputTail::become_standard_error() const noexcept {
    while (::dup2(write_end_.get(), STDERR_FILENO) < 0 && errno == EINTR) {
    }
}

void OutputTail::pass_on() noexcept {
    std::array<char, 4096> buffer;
    for (std::size_t total = 0; total < kMostAtOnce;) {
        const ssize_t bytes = ::read(read_end_.get(), buffer.data(), buffer.size());
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes <= 0) return;
        const std::string_view text(buffer.data(), static_cast<std::size_t>(bytes));
        write_to_standard_error(text);
        tail_ += text;
        if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
        total += text.size();
    }
}

}  // namespace slicepool::os
