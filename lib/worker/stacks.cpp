#include "worker/stacks.hpp"

#include "worker/work.hpp"

#include "memory/copy_pixels.hpp"

#include <algorithm>
#include <cstring>

namespace slicepool {
namespace {

constexpr std::size_t kLineBytes = 64;

std::size_t bytes_of_slice(const PixelMap& pixels, int axis) noexcept {
    return static_cast<std::size_t>(slice_shape(pixels.shape, axis).count()) * size_of(pixels.dtype);
}

/// A table has a row for every position, a volume a slice for every index.
SliceSelection selection_in(const OutputMap& map, const SliceSelection& slices) noexcept {
    return map.is_table ? SliceSelection{0, 1, slices.count} : slices;
}

}  // namespace

TileLayout::TileLayout(const WorkOrder& order) noexcept {
    // Whole lines, so that every tile is as well aligned as the first.
    const auto place = [this](std::int64_t slices, std::size_t slice_bytes) {
        const std::size_t offset = bytes;
        bytes += (static_cast<std::size_t>(slices) * slice_bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
        return offset;
    };
    const std::int64_t group = order.grouping.group;
    for (std::size_t i = 0; i < order.inputs.size(); ++i)
        if (const InputMap& map = order.inputs[i]; map.tiled)
            inputs[i] = place(group + 2 * order.blocks.halo, bytes_of_slice(map.pixels, map.axis));
    for (std::size_t i = 0; i < order.outputs.size(); ++i)
        if (const OutputMap& map = order.outputs[i]; map.tiled)
            outputs[i] = place(group, bytes_of_slice(map.pixels, map.axis));
}

std::size_t tile_bytes(const WorkOrder& order) noexcept { return TileLayout(order).bytes; }

void Stacks::gather(Range task) {
    if (memory_ == nullptr && layout_.bytes > 0) memory_ = std::make_unique<std::byte[]>(layout_.bytes);
    for (std::size_t i = 0; i < order_.inputs.size(); ++i) {
        const InputMap& map = order_.inputs[i];
        if (!map.tiled) continue;
        const Tile into = tile(map.pixels, map.axis, layout_.inputs[i]);
        if (order_.grouping.as_one)
            gather_block(map, task, into);
        else
            slicepool::gather(map.pixels, map.axis, order_.slices, task, into);
    }
    for (std::size_t i = 0; i < order_.outputs.size(); ++i) {
        const OutputMap& map = order_.outputs[i];
        if (!map.is_table) continue;
        const Tile rows = tile(map.pixels, map.axis, layout_.outputs[i]);
        const Slice missing = map.pixels.slice(0, map.pixels.shape.depth - 1);
        for (std::int64_t row = 0; row < task.end - task.begin; ++row)
            std::memcpy(rows.slice(row).data, missing.data, rows.slice_bytes());
    }
}

void Stacks::scatter(Range task) const noexcept {
    for (std::size_t i = 0; i < order_.outputs.size(); ++i)
        if (const OutputMap& map = order_.outputs[i]; map.tiled)
            slicepool::scatter(tile(map.pixels, map.axis, layout_.outputs[i]), map.pixels, map.axis,
                               selection_in(map, order_.slices), task);
}

ConstStack Stacks::input(std::size_t number, Range call, Range task) const noexcept {
    const InputMap& map = order_.inputs[number];
    const PixelMap& pixels = map.pixels;
    ConstStack stack{.origin = pixels.slice(map.axis, 0),
                     .stride = pixels.strides[static_cast<std::size_t>(map.axis)],
                     .extent = pixels.shape[map.axis]};
    if (map.part == InputMap::Part::whole) stack.size = stack.extent;
    if (map.part != InputMap::Part::slice) return stack;
    const Halo halo = halo_of(map, call);
    stack.size = call.end - call.begin;
    stack.before = halo.before;
    stack.after = halo.after;
    stack.beyond = order_.blocks.beyond;
    stack.first = order_.slices.index(call.begin);
    if (!map.tiled) return stack;
    const Tile from = tile(pixels, map.axis, layout_.inputs[number]);
    stack.origin = from.slice(0);
    stack.stride = static_cast<std::int64_t>(from.slice_bytes());
    stack.first = halo.before + call.begin - task.begin;
    stack.extent = stack.first + stack.size + halo.after;
    return stack;
}

Stack Stacks::output(std::size_t number, Range call, Range task) const noexcept {
    const OutputMap& map = order_.outputs[number];
    Stack stack{.origin = map.pixels.slice(map.axis, 0),
                .stride = map.pixels.strides[static_cast<std::size_t>(map.axis)],
                .extent = map.pixels.shape[map.axis],
                .first = order_.slices.index(call.begin),
                .size = call.end - call.begin};
    if (!map.tiled) return stack;
    const Tile into = tile(map.pixels, map.axis, layout_.outputs[number]);
    stack.origin = into.slice(0);
    stack.stride = static_cast<std::int64_t>(into.slice_bytes());
    stack.first = call.begin - task.begin;
    stack.extent = stack.first + stack.size;
    return stack;
}

Stacks::Halo Stacks::halo_of(const InputMap& map, Range call) const noexcept {
    const std::int64_t halo = order_.blocks.halo;
    if (order_.blocks.beyond != Beyond::clip) return {halo, halo};
    const std::int64_t first = order_.slices.index(call.begin);
    return {std::min(halo, first), std::min(halo, map.pixels.shape[map.axis] - first - (call.end - call.begin))};
}

/// The tile begins with the halo, and holds it whole: what lies in the volume is moved together, so that each cache line
/// is read once.
void Stacks::gather_block(const InputMap& map, Range block, const Tile& tile) const noexcept {
    const Halo halo = halo_of(map, block);
    const std::int64_t extent = map.pixels.shape[map.axis];
    const std::int64_t first = order_.slices.index(block.begin);
    const std::int64_t begin = first - halo.before;
    const std::int64_t end = first + (block.end - block.begin) + halo.after;
    const std::int64_t inner_begin = std::max<std::int64_t>(begin, 0);
    const std::int64_t inner_end = std::min(end, extent);
    const std::int64_t inner = inner_end - inner_begin;
    slicepool::gather(map.pixels, map.axis, {inner_begin, 1, inner}, {0, inner},
                      {tile.slice(inner_begin - begin).data, tile.dtype, tile.shape});
    for (std::int64_t index = begin; index < end; ++index)
        if (index < inner_begin || index >= inner_end)
            copy_pixels(map.pixels.slice(map.axis, index_within(index, extent, order_.blocks.beyond)),
                        tile.slice(index - begin));
}

Tile Stacks::tile(const PixelMap& pixels, int axis, std::size_t offset) const noexcept {
    return {memory_.get() + offset, pixels.dtype, slice_shape(pixels.shape, axis)};
}

}  // namespace slicepool
