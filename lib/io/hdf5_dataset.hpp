// hdf5_dataset.hpp: what an open HDF5 dataset is: shape, type, and how its pixels are stored.
// Nothing is read or mapped here; see hdf5_read.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/array_facts.hpp"
#include "io/hdf5_handle.hpp"

namespace slicepool::io {

struct Hdf5Dataset {
    ArrayFacts array;
    H5D_layout_t layout = H5D_CONTIGUOUS;
    std::vector<std::int64_t> chunk;   ///< extents of a chunk, when chunked
    std::vector<std::string> filters;  ///< in the order in which they are applied on writing
    std::string missing_filter;        ///< one of them that this HDF5 library cannot undo
    bool big_endian = false;
    bool plain_type = false;  ///< the stored bytes are pixels as they are in memory
    bool external = false;    ///< the pixels are in raw files beside
    std::optional<std::uint64_t>
        offset;  ///< of the pixels in the file; nothing when they are not in one piece, or not there
};

/// `dataset` is an open dataset, borrowed. What the library cannot tell stays empty and makes an objection.
[[nodiscard]] Hdf5Dataset describe_hdf5(hid_t dataset);

/// Why it is no volume, to be read after its name; empty when it is one.
[[nodiscard]] std::string objection(const Hdf5Dataset& dataset);

/// True when the pixels of a dataset without objection can be used where they are in the file.
[[nodiscard]] bool mappable(const Hdf5Dataset& dataset);

/// "chunked (1, 2048, 2048), shuffle, deflate", "contiguous, big-endian".
[[nodiscard]] std::string layout_text(const Hdf5Dataset& dataset);

/// layout_text and what follows from it: "contiguous, mapped in place", "chunked (1, 2048, 2048), shuffle, deflate, read
/// into memory".
[[nodiscard]] std::string storage_text(const Hdf5Dataset& dataset);

}  // namespace slicepool::io
