// hdf5_listing.hpp: the datasets in an open HDF5 file, through all its groups and links.
// Which of them is wanted is decided in hdf5_read.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/hdf5_dataset.hpp"
#include "io/hdf5_handle.hpp"

namespace slicepool::io {

/// A dataset, or a link that should have led to something.
struct Hdf5Entry {
    std::string path;
    std::optional<Hdf5Dataset> dataset;
    std::string broken;  ///< when there is none: "is a link that leads nowhere: to 'pco1-77.hdf:/entry/data'"
};

/// Why the entry is no volume, to be read after its path; empty when it is one.
[[nodiscard]] std::string objection(const Hdf5Entry& entry);

/// "/exchange/data (181, 2, 640) float32".
[[nodiscard]] std::string summary(const Hdf5Entry& entry);

/// Everything below the group `from`, ordered by path. Groups and datasets that can be reached in several ways appear
/// once, by the path with the fewest steps, so that cycles end. Throws FormatError beyond 100,000 links.
[[nodiscard]] std::vector<Hdf5Entry> list_datasets(hid_t file, const std::string& file_name, const std::string& from);

}  // namespace slicepool::io
