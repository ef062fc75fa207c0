// watchdog.hpp: ends a test that hangs, with a message that says which.
// It is no assertion about time: give it many times what the test needs.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace slicepool::test {

/// While it lives the process has `seconds` to go on. By a timer signal, not by a thread: tests that fork stay
/// single-threaded, and the timer does not pass to their children. Of several the youngest watches; when it ends the one
/// before it goes on with the seconds it had left.
class Watchdog {
public:
    explicit Watchdog(const char* what, unsigned seconds = 60) {
        std::memcpy(message_before_, message(), kMessageBytes);
        std::snprintf(message(), kMessageBytes, "watchdog: %s still goes on after %u s\n", what, seconds);
        struct sigaction action {};
        action.sa_handler = [](int) {
            [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, message(), ::strlen(message()));
            ::signal(SIGABRT, SIG_DFL);
            ::abort();
        };
        ::sigaction(SIGALRM, &action, &before_);
        seconds_before_ = ::alarm(seconds);
    }
    ~Watchdog() {
        ::alarm(0);
        ::sigaction(SIGALRM, &before_, nullptr);
        std::memcpy(message(), message_before_, kMessageBytes);
        ::alarm(seconds_before_);
    }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

private:
    static constexpr std::size_t kMessageBytes = 256;
    static char* message() noexcept {
        static char text[kMessageBytes];
        return text;
    }

    struct sigaction before_ {};
    char message_before_[kMessageBytes];
    unsigned seconds_before_ = 0;
};

}  // namespace slicepool::test
