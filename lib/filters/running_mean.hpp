// running_mean.hpp: a slice's running means along rows, then along columns: tables, scratch, the call.
// The parameters' rules are not here; see slicepool/filters/uniform.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/slice.hpp>
#include <slicepool/filters/boundary.hpp>

#include "filters/band.hpp"

namespace slicepool::filters {

/// What is to be computed. A size of 1 leaves the axis alone.
struct RunningMeanTask {
    SliceSpec input;
    DType output = DType::f32;
    std::array<std::int64_t, 2> size{1, 1};
    AxisBoundaries mode;
    double cval = 0.0;
};

/// How much of everything a task needs; see RunningMeanScratch for the meanings.
struct RunningMeanSizes {
    std::size_t row_lines = 0;
    std::size_t column_lines = 0;
    std::size_t sums = 0;
    std::size_t band_slots = 0;

    [[nodiscard]] std::size_t bytes() const noexcept;
};
[[nodiscard]] RunningMeanSizes running_mean_sizes(const RunningMeanTask& task) noexcept;

/// One worker's memory. The slice is taken in bands of kBandRows rows; a band is kept transposed, a slot for each
/// column.
struct RunningMeanScratch {
    explicit RunningMeanScratch(const RunningMeanSizes& sizes);

    std::vector<const void*> row_lines;       ///< first pixel of each row, extended at both ends; null where constant
    std::vector<const double*> column_lines;  ///< the slot of each column, extended at both ends
    std::vector<double> sums;                 ///< of the window in each column, at the last row done
    std::vector<BandSlot> band;               ///< slot 0 holds cval, then a slot for each column
};

/// Computes the means of `input` into `output` (no overlap), bit for bit as scipy.ndimage.uniform_filter.
void running_mean_slice(const RunningMeanTask& task, RunningMeanScratch& scratch, const ConstSlice& input,
                        const Slice& output);

}  // namespace slicepool::filters
