#include "worker/tile.hpp"

#include <algorithm>

namespace slicepool {
namespace {

constexpr std::int64_t kBlock = 64;  // columns moved at a time: 64 lines of the volume fit the first-level cache

/// The pixels of a group in the volume: strides in pixels of T along the slices, rows and columns.
template <class T>
struct Group {
    T* data;
    std::int64_t slice_stride;
    std::int64_t row_stride;
    std::int64_t column_stride;
};

template <class T>
Group<T> group_of(const PixelMap& volume, int axis, const SliceSelection& slices,
                  TaskGrouping::Range positions) noexcept {
    const Slice first = volume.slice(axis, slices.index(positions.begin));
    constexpr auto size = static_cast<std::int64_t>(sizeof(T));
    return {reinterpret_cast<T*>(first.data), volume.strides[static_cast<std::size_t>(axis)] * slices.step / size,
            first.row_stride / size, first.column_stride / size};
}

/// Calls move(volume pixel, tile pixel) for every pixel of the group, in an order that is kind to the cache.
template <class T, class Move>
void for_each_pixel(const Group<T>& group, T* tile, const SliceShape& shape, std::int64_t count, Move&& move) noexcept {
    for (std::int64_t row = 0; row < shape.rows; ++row) {
        for (std::int64_t block = 0; block < shape.columns; block += kBlock) {
            const std::int64_t end = std::min(block + kBlock, shape.columns);
            for (std::int64_t number = 0; number < count; ++number) {
                T* const volume_row = group.data + number * group.slice_stride + row * group.row_stride;
                T* const tile_row = tile + (number * shape.rows + row) * shape.columns;
                for (std::int64_t column = block; column < end; ++column)
                    move(volume_row[column * group.column_stride], tile_row[column]);
            }
        }
    }
}

/// Pixels are moved by their size alone: four instances serve six types.
template <class T>
struct [[gnu::may_alias]] Bits {
    T value;
};

template <class Function>
void visit_size(DType dtype, Function&& function) noexcept {
    switch (size_of(dtype)) {
        case 1: return function(std::type_identity<Bits<std::uint8_t>>{});
        case 2: return function(std::type_identity<Bits<std::uint16_t>>{});
        case 4: return function(std::type_identity<Bits<std::uint32_t>>{});
        default: return function(std::type_identity<Bits<std::uint64_t>>{});
    }
}

}  // namespace

void gather(const PixelMap& volume, int axis, const SliceSelection& slices, TaskGrouping::Range positions,
            const Tile& tile) noexcept {
    visit_size(volume.dtype, [&]<class T>(std::type_identity<T>) {
        for_each_pixel(group_of<T>(volume, axis, slices, positions), reinterpret_cast<T*>(tile.data), tile.shape,
                       positions.end - positions.begin, [](const T& in_volume, T& in_tile) { in_tile = in_volume; });
    });
}

void scatter(const Tile& tile, const PixelMap& volume, int axis, const SliceSelection& slices,
             TaskGrouping::Range positions) noexcept {
    visit_size(volume.dtype, [&]<class T>(std::type_identity<T>) {
        for_each_pixel(group_of<T>(volume, axis, slices, positions), reinterpret_cast<T*>(tile.data), tile.shape,
                       positions.end - positions.begin, [](T& in_volume, const T& in_tile) { in_volume = in_tile; });
    });
}

}  // namespace slicepool
