// location.hpp: how a volume in a file is named, "scan.npy" or "scan.h5:/entry/data".
// Only names are looked at; what is inside the file is seen by input.hpp and info.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace slicepool::io {

/// A file and, for HDF5, the path of a dataset in it.
struct Location {
    std::filesystem::path file;
    std::string dataset;  ///< "/entry/data", always from the root; empty when none was given
};

/// Splits `text` at the first ':' that has an existing file, or else a name ending in .h5, .hdf5, .hdf or .nxs (any
/// case), before it. A path that exists as it is, or has no such ':', is taken whole. Throws InvalidArgument when
/// empty.
[[nodiscard]] Location parse_location(std::string_view text);

/// True when both locations name one file, whatever the dataset, through links and different spellings too; for files
/// that do not exist yet, when their paths are the same. Reading and writing one file in one run is never right.
[[nodiscard]] bool same_file(std::string_view a, std::string_view b);

}  // namespace slicepool::io
