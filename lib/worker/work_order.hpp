// work_order.hpp: everything a worker has to know of a run, as plain values in shared memory.
// Who works and what became of the slices is in the ledger.
#pragma once

#include <slicepool/core/call.hpp>
#include <slicepool/core/filter.hpp>
#include "ledger/task_grouping.hpp"
#include "memory/pixel_map.hpp"

#include <cstdint>
#include <type_traits>

namespace slicepool {

/// A run of slices, or of calls: then `call` is set, and nothing that speaks of pixels, slices and filters means anything.
struct WorkOrder {
    CallRef call;
    std::int64_t chunk_count = 0;  ///< tasks in a run of calls
    PixelMap input;
    PixelMap output;
    int axis = 0;
    SliceSelection slices;
    TaskGrouping grouping;
    FilterRef filter;
    std::int64_t start_ns = 0;            ///< steady clock, when the run began
    bool abort_on_failure = false;        ///< stop claiming after the first failure
    bool populate_output = false;         ///< the output's pages may not exist yet
    bool refuse_non_finite = false;       ///< a slice with NaN or infinity in it fails
    bool shielded = false;                ///< worker processes close shared memory to the filter
    bool shielded_only_if_cheap = false;  ///< and stop doing so where it costs too much
    bool guard_output = false;  ///< so much so that of the output only its own slice is open; slices are whole pages
    std::int64_t max_slices_per_worker = 0;        ///< 0: no limit
    std::size_t max_private_bytes_per_worker = 0;  ///< 0: no limit

    [[nodiscard]] bool is_of_calls() const noexcept { return static_cast<bool>(call); }
    [[nodiscard]] std::int64_t task_count() const noexcept {
        return is_of_calls() ? chunk_count : grouping.task_count(slices.count);
    }
    /// Slices are gathered into contiguous tiles, and scattered back.
    [[nodiscard]] bool tiled() const noexcept { return grouping.group > 1; }
    /// What the filter gets: in a tile or in the volume, the shape and type are the same.
    [[nodiscard]] SliceSpec input_spec() const noexcept { return {slice_shape(input.shape, axis), input.dtype}; }
};
static_assert(std::is_trivially_copyable_v<WorkOrder>);

}  // namespace slicepool
