#include "filters/running_mean.hpp"

namespace slicepool::filters {

std::size_t RunningMeanSizes::bytes() const noexcept {
    return (row_lines + column_lines) * sizeof(void*) + sums * sizeof(double) + band_slots * sizeof(BandSlot);
}

RunningMeanSizes running_mean_sizes(const RunningMeanTask& task) noexcept {
    // The pixel that leaves a window stands one before it; the last band and the last block reach beyond the slice.
    constexpr std::int64_t kMargin = 1 + kBandRows;
    const auto [rows, columns] = task.input.shape;
    RunningMeanSizes sizes;
    sizes.row_lines = static_cast<std::size_t>(rows + task.size[0] + kMargin);
    sizes.column_lines = static_cast<std::size_t>(columns + task.size[1] + kMargin);
    sizes.sums = static_cast<std::size_t>(columns + kBandRows);
    sizes.band_slots = static_cast<std::size_t>(1 + columns + kBandRows);
    return sizes;
}

RunningMeanScratch::RunningMeanScratch(const RunningMeanSizes& sizes)
    : row_lines(sizes.row_lines), column_lines(sizes.column_lines), sums(sizes.sums), band(sizes.band_slots) {}

}  // namespace slicepool::filters
