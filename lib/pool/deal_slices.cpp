#include "pool/deal_slices.hpp"

#include "worker/work.hpp"

#include <algorithm>
#include <cstddef>

namespace slicepool {
namespace {

constexpr std::int64_t kLineBytes = 64;
constexpr std::size_t kLargestTiles = std::size_t{512} << 20;

/// Slices of the run are neighbours within a cache line.
bool is_close(const PixelMap& pixels, const WorkOrder& order) {
    return slice_pitch(pixels, order) > 0 && slice_pitch(pixels, order) < kLineBytes;
}

/// The next slice begins before this one ends.
bool is_interleaved(const PixelMap& pixels, const WorkOrder& order) {
    const Slice slice = pixels.slice(order.axis, 0);
    return slice_pitch(pixels, order) < (slice.shape.rows - 1) * slice.row_stride +
                                            (slice.shape.columns - 1) * slice.column_stride +
                                            static_cast<std::int64_t>(size_of(slice.dtype));
}

/// What the run's volumes have in common, those that are sliced.
struct Closeness {
    std::int64_t pitch = kLineBytes;  ///< bytes between the closest neighbours
    bool all = true;
    bool interleaved = false;
};

Closeness closeness_of(const WorkOrder& order) {
    Closeness found;
    const auto look_at = [&](const PixelMap& pixels) {
        if (!is_close(pixels, order)) {
            found.all = false;
            return;
        }
        found.pitch = std::min(found.pitch, slice_pitch(pixels, order));
        found.interleaved = found.interleaved || is_interleaved(pixels, order);
    };
    for (const InputMap& input : order.inputs)
        if (input.part == InputMap::Part::slice) look_at(input.pixels);
    for (const OutputMap& output : order.outputs)
        if (!output.is_table) look_at(output.pixels);
    return found;
}

/// Volumes whose slices are close go through tiles if so wanted, and tables always: a row that was half written before a
/// crash is never seen.
void set_tiled(WorkOrder& order, bool close_ones) {
    for (InputMap& input : order.inputs)
        input.tiled = close_ones && input.part == InputMap::Part::slice && is_close(input.pixels, order);
    for (OutputMap& output : order.outputs)
        output.tiled = output.is_table || (close_ones && is_close(output.pixels, order));
}

/// Slices before the first cache line that begins in the run, in the first output that is tiled.
std::int64_t slices_before_line(const WorkOrder& order) {
    for (const OutputMap& output : order.outputs) {
        if (output.is_table || !output.tiled) continue;
        const auto start = reinterpret_cast<std::uintptr_t>(
            output.pixels.data + order.slices.first * output.pixels.strides[static_cast<std::size_t>(order.axis)]);
        const auto past_line = static_cast<std::int64_t>(start % static_cast<std::uintptr_t>(kLineBytes));
        return past_line == 0 ? 0
                              : (kLineBytes - past_line) / std::max<std::int64_t>(slice_pitch(output.pixels, order), 1);
    }
    return 0;
}

}  // namespace

std::int64_t slice_pitch(const PixelMap& pixels, const WorkOrder& order) noexcept {
    return pixels.strides[static_cast<std::size_t>(order.axis)] * order.slices.step;
}

void deal_slices(WorkOrder& order, const std::optional<Blocks>& blocks) {
    const Closeness close = closeness_of(order);
    const bool together = order.slices.count >= 2 && close.pitch < kLineBytes && (close.interleaved || close.all);
    set_tiled(order, together);
    if (blocks) {
        order.blocks = *blocks;
        // A larger one than there are slices would only cost scratch.
        order.grouping = {std::min(blocks->size, std::max<std::int64_t>(order.slices.count, 1)), 0, true};
        return;
    }
    if (!together) return;
    std::int64_t& group = order.grouping.group;
    group = kLineBytes / close.pitch;
    while (group > 1 && tile_bytes(order) > kLargestTiles) group /= 2;
    order.grouping.head = slices_before_line(order) % group;
    set_tiled(order, group > 1);
}

}  // namespace slicepool
