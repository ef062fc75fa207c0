// deal_slices.hpp: which slices make a task, and which volumes go through tiles for that.
// Whether the volumes fit together is checked elsewhere; see check_volumes.hpp.
#pragma once

#include <slicepool/core/slice_stack.hpp>
#include "worker/work_order.hpp"

#include <cstdint>
#include <optional>

namespace slicepool {

/// Bytes from one slice of the run to the next.
[[nodiscard]] std::int64_t slice_pitch(const PixelMap& pixels, const WorkOrder& order) noexcept;

/// Slices closer than a cache line are dealt out in groups that start and end on a line, as far as the rows allow: where
/// the distance between rows is no multiple of a line, groups of different workers still meet at their edges. Small ones
/// beside large ones are not: a pixel for every projection is no reason to deal projections out by the dozen. Blocks are
/// as large as was asked for.
///
/// Sets the grouping, the blocks and what is tiled, of an order that has its volumes and its selection.
void deal_slices(WorkOrder& order, const std::optional<Blocks>& blocks);

}  // namespace slicepool
