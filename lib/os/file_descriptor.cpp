#include "os/file_descriptor.hpp"

#include "os/signals.hpp"

#include <slicepool/core/error.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace slicepool::os {
namespace {

constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;

/// Beyond this limit the kernel sends SIGXFSZ, which would end the host.
void check_size_limit(std::uint64_t size, std::string_view what) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size)
        throw SystemError(
            "write", what, std::make_error_code(std::errc::file_too_large),
            std::to_string(size) + " bytes are needed; the limit on file sizes, ulimit -f, stands in the way");
}

/// posix_fallocate emulates on file systems without the call, one byte a block, and returns its error.
void allocate_blocks(int fd, std::uint64_t size, std::string_view what) {
    // A memory file system undoes the whole call when a signal interrupts it: under a timer it would never end.
    const SignalsBlocked undisturbed;
    int error = 0;
    do error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
    while (error == EINTR);
    if (error != 0)
        throw SystemError("reserve disk space for", what, {error, std::system_category()},
                          std::to_string(size) + " bytes are needed");
}

/// A file system in user space or on a network may let a signal interrupt it.
int open_uninterrupted(const std::filesystem::path& path, int flags, mode_t mode = 0) noexcept {
    int fd = -1;
    do fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

}  // namespace

void FileDescriptor::reset(int fd) noexcept {
    if (fd_ >= 0) ::close(fd_);  // a second try after EINTR could close somebody else's descriptor on Linux
    fd_ = fd;
}

FileDescriptor open_for_reading(const std::filesystem::path& path) {
    // Without O_NONBLOCK a named pipe would wait for somebody to write into it.
    FileDescriptor fd(open_uninterrupted(path, O_RDONLY | O_NONBLOCK));
    if (!fd) throw SystemError("open", path.native(), last_system_error());
    return fd;
}

FileDescriptor open_for_writing(const std::filesystem::path& path) {
    FileDescriptor fd(open_uninterrupted(path, O_RDWR));
    if (!fd) throw SystemError("open for writing", path.native(), last_system_error());
    return fd;
}

FileDescriptor create_new(const std::filesystem::path& path) {
    FileDescriptor fd(open_uninterrupted(path, O_RDWR | O_CREAT | O_EXCL, 0666));
    if (!fd) throw SystemError("create", path.native(), last_system_error());
    return fd;
}

FileIdentity identity(int fd, std::string_view what) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw SystemError("stat", what, last_system_error());
    return {static_cast<std::uint64_t>(status.st_size), status.st_dev, status.st_ino, S_ISREG(status.st_mode),
            S_ISDIR(status.st_mode)};
}

std::uint64_t allocated_bytes(int fd) noexcept {
    struct stat status {};
    constexpr std::uint64_t kStatBlock = 512;  // the unit of st_blocks on Linux, whatever the file system's own
    return ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * kStatBlock : 0;
}

std::size_t read_at(int fd, std::span<std::byte> buffer, std::uint64_t offset, std::string_view what) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t n = ::pread(fd, buffer.data() + done, std::min(buffer.size() - done, kLargestTransfer),
                                  static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw SystemError("read", what, last_system_error());
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

void write_at(int fd, std::span<const std::byte> buffer, std::uint64_t offset, std::string_view what) {
    check_size_limit(offset + buffer.size(), what);
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t n = ::pwrite(fd, buffer.data() + done, std::min(buffer.size() - done, kLargestTransfer),
                                   static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw SystemError("write", what, last_system_error());
        done += static_cast<std::size_t>(n);
    }
}

void reserve_blocks(int fd, std::uint64_t size, std::string_view what) {
    check_size_limit(size, what);
    const std::uint64_t before = identity(fd, what).size;
    try {
        if (size > 0) allocate_blocks(fd, size, what);
    } catch (...) {
        [[maybe_unused]] const int ignored = ::ftruncate(fd, static_cast<off_t>(before));
        throw;
    }
}

void synchronise(int fd, std::string_view what) {
    int result = 0;
    do result = ::fsync(fd);
    while (result != 0 && errno == EINTR);
    if (result != 0) throw SystemError("flush", what, last_system_error());
}

void rename_over(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) throw SystemError("rename to", to.native(), last_system_error());
}

}  // namespace slicepool::os
