// median_task.hpp: a slice's medians over a rectangle: what is asked for, the scratch, the call.
// The parameters' rules are not here; see slicepool/filters/median.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/slice.hpp>
#include <slicepool/filters/boundary.hpp>

namespace slicepool::filters {

struct MedianTask {
    SliceSpec input;
    DType output = DType::f32;
    std::array<std::int64_t, 2> size{1, 1};  ///< their product is at most 32767
    Boundary mode = Boundary::reflect;
    double cval = 0.0;
};

/// One worker's memory: the rows under the window as ordered keys, extended at both ends, and a row of results.
struct MedianScratch {
    explicit MedianScratch(const MedianTask& task);
    [[nodiscard]] static std::size_t bytes(const MedianTask& task) noexcept;

    std::vector<std::int64_t> words;  ///< size[0] + 1 rows of row_bytes
    std::size_t row_bytes;
};

/// Writes the medians of `input` to `output` (no overlap).
void median_slice(const MedianTask& task, MedianScratch& scratch, const ConstSlice& input, const Slice& output);

}  // namespace slicepool::filters
