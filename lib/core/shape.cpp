#include <slicepool/core/shape.hpp>

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

namespace slicepool {

int normalise_axis(int axis) {
    if (axis < -3 || axis > 2)
        throw InvalidArgument(fmt::format("axis {} is out of range: a volume has axes 0, 1, 2 (or -3, -2, -1)", axis));
    return axis < 0 ? axis + 3 : axis;
}

std::size_t checked_bytes(const Shape& shape, DType dtype) {
    constexpr std::int64_t kLimit = std::int64_t{1} << 62;
    auto bytes = static_cast<std::int64_t>(size_of(dtype));
    bool empty = false;
    for (int axis = 0; axis < 3; ++axis) {
        if (shape[axis] < 0)
            throw InvalidArgument(
                fmt::format("shape {}: the extent along axis {} is negative", to_string(shape), axis));
        empty = empty || shape[axis] == 0;
        if (shape[axis] == 0) continue;  // the strides of an empty volume must not overflow either
        if (shape[axis] > kLimit / bytes)
            throw InvalidArgument(
                fmt::format("shape {} of {} is larger than any address space", to_string(shape), name_of(dtype)));
        bytes *= shape[axis];
    }
    return empty ? 0 : static_cast<std::size_t>(bytes);
}

Strides contiguous_strides(const Shape& shape, DType dtype) noexcept {
    const auto size = static_cast<std::int64_t>(size_of(dtype));
    return {shape.height * shape.width * size, shape.width * size, size};
}

std::string to_string(const Shape& shape) {
    return fmt::format("({}, {}, {})", shape.depth, shape.height, shape.width);
}

std::string to_string(const SliceShape& shape) { return fmt::format("({}, {})", shape.rows, shape.columns); }

}  // namespace slicepool
