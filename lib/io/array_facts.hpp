// array_facts.hpp: whether an array found in a file can be a volume, and the sentences that say why not.
// File formats differ in how they state shape and type (npy_header.hpp, hdf5_dataset.hpp); what we take is stated here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/shape.hpp>

namespace slicepool::io {

inline constexpr std::string_view kTypesTaken = "uint8, uint16, int16, int32, float32 or float64";

/// An array as a file describes it: nothing of this has been checked.
struct ArrayFacts {
    std::vector<std::int64_t> shape;
    std::optional<DType> dtype;  ///< nothing when the pixels are of a type we do not take
    std::string type_name;       ///< NumPy's name where there is one
};

/// Why the array is no volume, to be read after its name: "holds a 2-D array (100, 200); a volume has 3 dimensions".
/// Empty when it is one; then shape_of and, for its bytes, core's checked_bytes are safe, as are its strides.
[[nodiscard]] std::string objection(const ArrayFacts& facts);

/// Of an array without objection.
[[nodiscard]] Shape shape_of(const ArrayFacts& facts);

/// "(181, 2, 640)", "(5,)" and "()", as NumPy writes shapes.
[[nodiscard]] std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace slicepool::io
