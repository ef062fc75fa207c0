#include "os/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
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

void open_missing_standard_streams() noexcept {
    // The lowest free number is given out first.
    int fd = STDIN_FILENO;
    while (fd >= STDIN_FILENO && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR | O_NOCTTY);
    if (fd > STDERR_FILENO) ::close(fd);
}

}  // namespace slicepool::os
