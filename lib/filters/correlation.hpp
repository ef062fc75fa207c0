// correlation.hpp: a slice correlated with a symmetric kernel along rows, then along columns: tables, scratch, the
// call. Where the weights come from is not known here; see gaussian_weights.hpp.
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

/// What is to be computed.
struct CorrelationTask {
    SliceSpec input;
    DType output = DType::f32;
    std::array<std::int64_t, 2> radius{0, 0};
    AxisBoundaries mode;
    double cval = 0.0;
    /// False where the rows axis is left alone: then the second pass reads the input itself, unrounded.
    bool round_between = true;
};

/// How much of everything a task needs; see CorrelationScratch for the meanings.
struct CorrelationSizes {
    std::int64_t panel_columns = 0;
    std::size_t row_lines = 0;
    std::size_t column_lines = 0;
    std::size_t foreign_columns = 0;
    std::size_t band_slots = 0;
    std::size_t gathered_rows = 0;
    std::size_t gathered_lines = 0;

    [[nodiscard]] std::size_t bytes() const noexcept;
};
[[nodiscard]] CorrelationSizes correlation_sizes(const CorrelationTask& task) noexcept;

/// One worker's memory. The slice is taken in panels of columns narrow enough for the rows a band needs to stay in the
/// second-level cache, each panel in bands of kBandRows rows; a band is kept transposed, a slot for each column.
struct CorrelationScratch {
    explicit CorrelationScratch(const CorrelationSizes& sizes);

    std::vector<const void*> row_lines;       ///< first pixel of each row, extended by the radius; null where constant
    std::vector<const double*> column_lines;  ///< the slot of each column of a panel, extended by the radius
    std::vector<std::int64_t> foreign_columns;  ///< columns a panel needs from the slice's other end (wrap)
    std::vector<BandSlot> band;                 ///< slot 0 holds cval; then the panel's columns, then the foreign ones
    std::vector<BandSlot> gathered;             ///< rows of a few columns as double, where rows cannot be read directly
    std::vector<const double*> gathered_lines;  ///< the row in `gathered` for each line of a band
    std::int64_t panel_columns;
};

/// Correlates `input` into `output` (no overlap). weights[axis] holds the weights at distance 0 ... radius[axis]; an
/// axis to be left alone has radius 0 and weight 1. Sums run in double, centre first, then pairs from far to near; with
/// float32 output by fused multiply-adds where the processor has them (not over int32 pixels), otherwise product and sum
/// are rounded apart.
void correlate_slice(const CorrelationTask& task, const std::array<std::vector<double>, 2>& weights,
                     CorrelationScratch& scratch, const ConstSlice& input, const Slice& output);

}  // namespace slicepool::filters
