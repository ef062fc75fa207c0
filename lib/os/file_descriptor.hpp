// file_descriptor.hpp: owns one open file descriptor, and the reads and writes that survive interruption.
// It has no opinion about what the file means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

namespace slicepool::os {

/// Closes its descriptor when it goes. Every descriptor made in this room is close-on-exec.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    ~FileDescriptor() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    void reset(int fd = -1) noexcept;
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

/// What is known of an open file.
struct FileIdentity {
    std::uint64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool regular = false;
    bool directory = false;
};

/// All of these throw SystemError naming the path or `what`.
[[nodiscard]] FileDescriptor open_for_reading(const std::filesystem::path& path);
/// An existing file for reading and writing.
[[nodiscard]] FileDescriptor open_for_writing(const std::filesystem::path& path);
/// A new file for reading and writing; fails when the path exists.
[[nodiscard]] FileDescriptor create_new(const std::filesystem::path& path);
[[nodiscard]] FileIdentity identity(int fd, std::string_view what);
/// Bytes the file occupies, holes not counted; 0 when the system does not say.
[[nodiscard]] std::uint64_t allocated_bytes(int fd) noexcept;
/// Reads exactly buffer.size() bytes at `offset`; returns fewer only at the end of the file.
[[nodiscard]] std::size_t read_at(int fd, std::span<std::byte> buffer, std::uint64_t offset, std::string_view what);
void write_at(int fd, std::span<const std::byte> buffer, std::uint64_t offset, std::string_view what);
/// Sets the size and reserves every block, so that a full disk shows now and not as SIGBUS in the middle of a run.
/// File systems without fallocate get their blocks by writing zeros. Leaves the file as it is when it throws (ENOSPC ...).
void reserve_blocks(int fd, std::uint64_t size, std::string_view what);
/// Flushes to stable storage.
void synchronise(int fd, std::string_view what);
/// Replaces `to` by `from` in one step.
void rename_over(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace slicepool::os
