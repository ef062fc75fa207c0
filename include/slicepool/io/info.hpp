// info.hpp: what datasets a file holds, without reading their pixels.
// It does not open them; see input.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slicepool::io {

struct DatasetInfo {
    std::string path;                 ///< "/entry/data"; empty for .npy
    std::vector<std::int64_t> shape;  ///< any number of extents, slowest first; empty for a scalar
    std::string dtype;                ///< NumPy's name where there is one, "float32"; else a word such as "compound"
    std::string storage;  ///< "contiguous, mapped in place", "chunked (1, 2048, 2048), deflate", "C order, ..."
    bool volume = false;  ///< open_volume takes it
    std::string why_not;  ///< when not: the reason, to be read after the dataset's name
};

/// Every dataset in the file of `location`, ordered by path; one for .npy. With a dataset path only that dataset, or
/// those below that group. HDF5 groups are walked through hard, soft and external links; a dataset that can be reached
/// in several ways is listed once, by its shortest path, and a link that leads nowhere is listed with that as why_not.
/// Safe to call from many threads. Throws as open_volume does, save that a dataset which is no volume is no error.
[[nodiscard]] std::vector<DatasetInfo> inspect(std::string_view location);

}  // namespace slicepool::io
