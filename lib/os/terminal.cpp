#include "os/terminal.hpp"

#include "os/file_descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace slicepool::os {
namespace {

constexpr int kUsualColumns = 80;

}  // namespace

bool standard_error_is_terminal() noexcept {
    const char* const kind = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

int terminal_columns() noexcept {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
    return size.ws_col;
}

void write_without_waiting(std::string_view text) noexcept {
    struct stat facts {};
    if (::fstat(STDERR_FILENO, &facts) != 0) return;
    if (S_ISSOCK(facts.st_mode)) {
        [[maybe_unused]] const auto ignored =
            ::send(STDERR_FILENO, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    }
    FileDescriptor own;
    if (S_ISFIFO(facts.st_mode) || S_ISCHR(facts.st_mode)) {
        // Whether writes wait is a property of the open file, which is shared with whoever started the program: so it is
        // opened once more. Where that is refused, asking first is the next best.
        own.reset(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        pollfd polled{STDERR_FILENO, POLLOUT, 0};
        if (!own && (::poll(&polled, 1, 0) != 1 || (polled.revents & POLLOUT) == 0)) return;
    }
    [[maybe_unused]] const auto ignored = ::write(own ? own.get() : STDERR_FILENO, text.data(), text.size());
}

void open_missing_standard_streams() noexcept {
    // The lowest free number is given out first.
    int fd = STDIN_FILENO;
    while (fd >= STDIN_FILENO && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR | O_NOCTTY);
    if (fd > STDERR_FILENO) ::close(fd);
}

}  // namespace slicepool::os
