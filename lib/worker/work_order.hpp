// work_order.hpp: everything a worker has to know of a run, as plain values in shared memory.
// Who works and what became of the slices is in the ledger.
#pragma once

#include <slicepool/core/call.hpp>
#include <slicepool/core/filter.hpp>
#include <slicepool/core/slice_stack.hpp>
#include <slicepool/core/stack_function.hpp>
#include "ledger/task_grouping.hpp"
#include "memory/pixel_map.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace slicepool {

/// A few things in place: what lies in shared memory has no vectors.
template <class T>
class FewOf {
public:
    static constexpr std::size_t kMost = 8;

    /// There is room for it (the caller has checked).
    void push_back(const T& thing) noexcept { things_[count_++] = thing; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] T& operator[](std::size_t number) noexcept { return things_[number]; }
    [[nodiscard]] const T& operator[](std::size_t number) const noexcept { return things_[number]; }
    [[nodiscard]] T* begin() noexcept { return things_.data(); }
    [[nodiscard]] T* end() noexcept { return things_.data() + count_; }
    [[nodiscard]] const T* begin() const noexcept { return things_.data(); }
    [[nodiscard]] const T* end() const noexcept { return things_.data() + count_; }

private:
    std::array<T, kMost> things_{};
    std::size_t count_ = 0;
};

/// Where an input is, and what of it a function sees.
struct InputMap {
    enum class Part : std::uint8_t { slice, image, whole };
    PixelMap pixels;
    int axis = 0;  ///< the run's, or that along which an image is the only slice
    Part part = Part::slice;
    bool tiled = false;  ///< gathered into contiguous slices first
};

/// Where an output is. A table's rows are the slices, along axis 0, of a volume of bytes: one per position of the run, and
/// a last one that shows what a missing row looks like.
struct OutputMap {
    PixelMap pixels;
    int axis = 0;
    bool is_table = false;
    bool tiled = false;     ///< written as contiguous slices, and scattered afterwards; tables always
    bool populate = false;  ///< the pages may not exist yet
    bool guarded = false;   ///< slices are whole pages: only its own is open to a shielded worker
};

/// A run of slices, or of calls: then `call` is set, and nothing that speaks of pixels, slices and filters means anything.
struct WorkOrder {
    CallRef call;
    std::int64_t chunk_count = 0;  ///< tasks in a run of calls
    FewOf<InputMap> inputs;
    FewOf<OutputMap> outputs;
    int axis = 0;
    SliceSelection slices;
    TaskGrouping grouping;
    Blocks blocks;     ///< of a grouping that is as_one
    FilterRef filter;  ///< of one input and one output; used when there is no function
    StackFunctionRef function;
    std::int64_t start_ns = 0;                     ///< steady clock, when the run began
    bool abort_on_failure = false;                 ///< stop claiming after the first failure
    bool refuse_non_finite = false;                ///< a slice with NaN or infinity in it fails
    bool shielded = false;                         ///< worker processes close shared memory to the filter
    bool shielded_only_if_cheap = false;           ///< and stop doing so where it costs too much
    std::int64_t max_slices_per_worker = 0;        ///< 0: no limit
    std::size_t max_private_bytes_per_worker = 0;  ///< 0: no limit

    [[nodiscard]] bool is_of_calls() const noexcept { return static_cast<bool>(call); }
    [[nodiscard]] std::int64_t task_count() const noexcept {
        return is_of_calls() ? chunk_count : grouping.task_count(slices.count);
    }
    /// What a filter gets: in a tile or in the volume, the shape and type are the same.
    [[nodiscard]] SliceSpec input_spec() const noexcept {
        return {slice_shape(inputs[0].pixels.shape, axis), inputs[0].pixels.dtype};
    }
};
static_assert(std::is_trivially_copyable_v<WorkOrder>);

}  // namespace slicepool
