// file_kind.hpp: opening a file of volumes for reading, and telling by its first bytes what it is.
// What follows the first bytes is read in npy_file.hpp and hdf5_file.hpp.
#pragma once

#include <cstdint>
#include <filesystem>

#include "os/file_descriptor.hpp"

namespace slicepool::io {

enum class FileKind : std::uint8_t { npy, hdf5 };

/// A regular file opened for reading, and its size at that time.
struct InputFile {
    os::FileDescriptor descriptor;
    std::uint64_t bytes = 0;
    FileKind kind = FileKind::npy;
};

/// Throws SystemError when it cannot be opened, FormatError when it is no regular file or neither .npy nor HDF5.
/// Never waits, also not for a pipe.
[[nodiscard]] InputFile open_input(const std::filesystem::path& path);

/// True for names ending in .npy, and in .h5, .hdf5, .hdf or .nxs, in any case.
[[nodiscard]] bool has_npy_suffix(const std::filesystem::path& path);
[[nodiscard]] bool has_hdf5_suffix(const std::filesystem::path& path);

}  // namespace slicepool::io
