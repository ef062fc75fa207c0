// input.hpp: a volume in a file, opened for reading.
// It neither converts pixels to another type nor lists what else the file holds; see info.hpp.
#pragma once

#include <string_view>

#include <slicepool/memory/volume.hpp>

namespace slicepool::io {

/// The volume (z, y, x) at `location` (see location.hpp), of pixel type uint8, uint16, int16, int32, float32 or
/// float64.
///
/// NumPy .npy, versions 1.0 to 3.0, and HDF5, told apart by their first bytes, not by name. Without a dataset path an
/// HDF5 file must hold exactly one dataset that can be a volume.
/// Little-endian .npy files (C or Fortran order) and contiguous little-endian HDF5 datasets are mapped: nothing is read
/// or copied, and the result is not writable(). The rest (chunked, compressed, compact, virtual, external, big-endian,
/// or pixels at an odd offset) is read into shared memory once, in native byte order.
/// A mapped file must not shrink or change while the volume or a view of it lives.
///
/// Safe to call from many threads; HDF5 calls take turns. No HDF5 object stays open, and the error handler that the
/// host has given to the HDF5 library is back in place afterwards.
/// Throws SystemError when the file is missing or unreadable or the machine cannot hold what must be read; FormatError
/// when the file is damaged, cut off, of another kind or holds no volume; InvalidArgument when the dataset path names
/// none of its datasets or is needed and missing (the message lists what there is).
/// Format: NumPy Enhancement Proposal 1 and numpy.lib.format (2.x); the HDF5 library's own behaviour from 1.10 on.
[[nodiscard]] AnyVolume open_volume(std::string_view location);

}  // namespace slicepool::io
