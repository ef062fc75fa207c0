// shape.hpp: extents of volumes and slices, and the rules for axes.
// Axis order is (z, y, x) = (depth, height, width) everywhere. No memory here; see memory/volume.hpp.
#pragma once

#include <slicepool/core/dtype.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace slicepool {

/// Extents of a volume in pixels, in the order (z, y, x).
struct Shape {
    std::int64_t depth = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;

    [[nodiscard]] constexpr std::int64_t operator[](int axis) const noexcept {
        return axis == 0 ? depth : axis == 1 ? height : width;
    }
    [[nodiscard]] constexpr std::int64_t count() const noexcept { return depth * height * width; }
    friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

/// Extents of one slice in pixels: the two axes that remain, in the volume's order.
struct SliceShape {
    std::int64_t rows = 0;
    std::int64_t columns = 0;

    [[nodiscard]] constexpr std::int64_t count() const noexcept { return rows * columns; }
    friend constexpr bool operator==(const SliceShape&, const SliceShape&) = default;
};

/// Distances in bytes between neighbouring pixels along z, y and x.
using Strides = std::array<std::int64_t, 3>;

/// 0, 1 or 2 for an axis in -3 ... 2; negative axes count from the end. Throws InvalidArgument otherwise.
[[nodiscard]] int normalise_axis(int axis);

/// The two axes a slice along `axis` (0, 1 or 2) keeps: its row axis, then its column axis.
[[nodiscard]] constexpr std::array<int, 2> slice_axes(int axis) noexcept {
    return axis == 0 ? std::array{1, 2} : axis == 1 ? std::array{0, 2} : std::array{0, 1};
}

/// The shape of one slice along `axis` (0, 1 or 2).
[[nodiscard]] constexpr SliceShape slice_shape(const Shape& shape, int axis) noexcept {
    const auto [rows, columns] = slice_axes(axis);
    return {shape[rows], shape[columns]};
}

/// Bytes of a C-contiguous volume. Throws InvalidArgument for a negative extent or a size beyond 2^62 bytes.
[[nodiscard]] std::size_t checked_bytes(const Shape& shape, DType dtype);

/// Byte strides of a C-contiguous volume.
[[nodiscard]] Strides contiguous_strides(const Shape& shape, DType dtype) noexcept;

/// "(3000, 16, 5000)" and "(3000, 5000)", as NumPy writes shapes.
[[nodiscard]] std::string to_string(const Shape& shape);
[[nodiscard]] std::string to_string(const SliceShape& shape);

}  // namespace slicepool
