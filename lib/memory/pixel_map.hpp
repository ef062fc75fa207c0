// pixel_map.hpp: where a volume's pixels are, as plain values that can lie in shared memory.
// It owns nothing and checks nothing; AnyVolume does both.
#pragma once

#include <slicepool/memory/volume.hpp>

#include <slicepool/core/shape.hpp>
#include <slicepool/core/slice.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace slicepool {

/// Address, type, shape (z, y, x) and byte strides of a volume's pixels. Valid while the volume lives, in this process
/// and in every worker that has the pixels at the same address.
struct PixelMap {
    std::byte* data = nullptr;
    DType dtype = DType::f32;
    Shape shape;
    Strides strides{};

    PixelMap() = default;
    explicit PixelMap(const AnyVolume& volume) noexcept
        : data(volume.data()), dtype(volume.dtype()), shape(volume.shape()), strides(volume.strides()) {}

    /// Slice `index` along `axis`, both in range.
    [[nodiscard]] Slice slice(int axis, std::int64_t index) const noexcept {
        const auto [rows, columns] = slice_axes(axis);
        return {data + index * strides[static_cast<std::size_t>(axis)], dtype, slice_shape(shape, axis),
                strides[static_cast<std::size_t>(rows)], strides[static_cast<std::size_t>(columns)]};
    }
};
static_assert(std::is_trivially_copyable_v<PixelMap>);

}  // namespace slicepool
