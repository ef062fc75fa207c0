// partial_file.hpp: a new file under a provisional name, which takes its final name or goes.
// It has no opinion about what is written into it; see output.cpp.
#pragma once

#include <cstdint>
#include <filesystem>

#include "os/file_descriptor.hpp"

namespace slicepool::io {

enum class Existing : std::uint8_t { replace, refuse };

/// Removes the file unless it has got its final name; only in the process that made it, not in one forked from it.
class PartialFile {
public:
    /// Makes an empty "<final_path>.partial-<pid>-<counter>". A final path that is a link to a file stands for that
    /// file.
    /// Throws InvalidArgument when `final_path` exists and is to be refused or is no regular file; SystemError naming
    /// it when its directory is missing or not writable.
    explicit PartialFile(const std::filesystem::path& final_path, Existing existing);
    PartialFile(PartialFile&&) = delete;
    ~PartialFile();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    /// Open for reading and writing; owned by the caller from now on. Empty the second time.
    [[nodiscard]] os::FileDescriptor take_descriptor() noexcept { return std::move(descriptor_); }

    /// Flushes `fd`, which is open on this file, and gives the file its final name. Does nothing the second time.
    /// Throws InvalidArgument when a file to be refused has appeared meanwhile, SystemError; may then be called again.
    void commit(int fd);

private:
    void check_final_path() const;

    std::filesystem::path final_path_;
    std::filesystem::path path_;
    os::FileDescriptor descriptor_;
    Existing existing_;
    std::int64_t owner_ = 0;  // process id
    bool committed_ = false;
};

}  // namespace slicepool::io
