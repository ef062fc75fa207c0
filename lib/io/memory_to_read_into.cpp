#include "io/memory_to_read_into.hpp"

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::io {

AnyVolume memory_to_read_into(DType dtype, const Shape& shape, std::string_view name, std::string_view reason) try {
    return AnyVolume::create(dtype, shape);
} catch (const SystemError& error) {
    throw SystemError(fmt::format("'{}' {} and has to be read into memory", name, reason), error);
}

}  // namespace slicepool::io
