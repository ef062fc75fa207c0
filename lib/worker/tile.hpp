// tile.hpp: moves a group of neighbouring slices between a volume and a contiguous tile.
// Along x neighbouring slices share cache lines: moved together, each line is read or written once.
#pragma once

#include "worker/work_order.hpp"

#include "memory/pixel_map.hpp"

#include <cstddef>
#include <cstdint>

namespace slicepool {

/// `count` slices, each C-contiguous (rows, columns), one after the other in a buffer of the caller's.
struct Tile {
    std::byte* data = nullptr;
    DType dtype = DType::f32;
    SliceShape shape;

    [[nodiscard]] std::size_t slice_bytes() const noexcept {
        return static_cast<std::size_t>(shape.count()) * size_of(dtype);
    }
    [[nodiscard]] Slice slice(std::int64_t number) const noexcept {
        return contiguous_slice(data + static_cast<std::size_t>(number) * slice_bytes(), dtype, shape);
    }
};

/// Copies the slices at `positions` of the selection from the volume into the tile.
void gather(const PixelMap& volume, int axis, const SliceSelection& slices, TaskGrouping::Range positions,
            const Tile& tile) noexcept;
/// Copies them back, whole: what the tile holds for slices that failed is the caller's to decide.
void scatter(const Tile& tile, const PixelMap& volume, int axis, const SliceSelection& slices,
             TaskGrouping::Range positions) noexcept;

}  // namespace slicepool
