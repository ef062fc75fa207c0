// hdf5_file.hpp: what io/ does with HDF5 files, without the library's own header.
// In a build without HDF5 all of this throws FormatError, from hdf5_absent.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/shape.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/location.hpp>
#include <slicepool/memory/volume.hpp>

namespace slicepool::io {

/// Throws FormatError naming `file` when this build has no HDF5.
void require_hdf5(const std::filesystem::path& file);

/// As io::open_volume and io::inspect, for a file that is HDF5 by its first bytes.
[[nodiscard]] AnyVolume open_hdf5(const Location& location);
[[nodiscard]] std::vector<DatasetInfo> inspect_hdf5(const Location& location);

/// Makes the existing file an HDF5 file with one contiguous dataset ("/data" when `dataset` is empty), allocated and
/// not filled, and closes it. Returns the offset of its pixels in the file, a multiple of 4096.
/// Throws InvalidArgument when the dataset cannot have this name.
[[nodiscard]] std::uint64_t lay_out_hdf5(const std::filesystem::path& file, const std::string& dataset, DType dtype,
                                         const Shape& shape);

}  // namespace slicepool::io
