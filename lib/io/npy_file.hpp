// npy_file.hpp: the array in an open .npy file, as a volume or as a description.
// The header's grammar is in npy_header.hpp.
#pragma once

#include <filesystem>

#include <slicepool/io/info.hpp>
#include <slicepool/memory/volume.hpp>

#include "io/file_kind.hpp"

namespace slicepool::io {

/// Maps the pixels, or reads them when they are big-endian or at an odd offset. The header is compared with the size of
/// the file before anything is mapped or allocated. Throws FormatError, SystemError.
[[nodiscard]] AnyVolume open_npy(InputFile file, const std::filesystem::path& path);

/// Throws FormatError when the header cannot be read.
[[nodiscard]] DatasetInfo inspect_npy(const InputFile& file, const std::filesystem::path& path);

}  // namespace slicepool::io
