// memory_to_read_into.hpp: room for pixels that cannot be mapped where they are in their file.
// What is read into it, and how, is the file format's matter.
#pragma once

#include <string_view>

#include <slicepool/memory/volume.hpp>

namespace slicepool::io {

/// A new volume in C order. `name` is the file's, with the dataset's where there is one; `reason` is why the pixels are not
/// mapped, to be read after it: "is big-endian". Throws SystemError with both when there is too little memory.
[[nodiscard]] AnyVolume memory_to_read_into(DType dtype, const Shape& shape, std::string_view name,
                                            std::string_view reason);

}  // namespace slicepool::io
