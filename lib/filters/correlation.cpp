#include "filters/correlation.hpp"

#include <algorithm>

namespace slicepool::filters {
namespace {

/// A panel's share of the second-level cache; half a megabyte is the least that servers have had since 2017.
constexpr std::int64_t kPanelBytes = 384 * 1024;
constexpr std::int64_t kLeastPanel = 256;

std::int64_t panel_columns(const CorrelationTask& task) noexcept {
    const std::int64_t columns = task.input.shape.columns;
    const auto input_bytes = static_cast<std::int64_t>(size_of(task.input.dtype));
    const auto output_bytes = static_cast<std::int64_t>(size_of(task.output));
    const std::int64_t bytes_per_column = (2 * task.radius[0] + kBandRows) * input_bytes +
                                          static_cast<std::int64_t>(sizeof(BandSlot)) + kBandRows * output_bytes;
    // Neighbouring panels compute 2 * radius columns twice: wide panels for wide kernels.
    const std::int64_t wanted = std::max({kPanelBytes / bytes_per_column, kLeastPanel, 16 * task.radius[1]});
    if (wanted >= columns) return columns;
    const std::int64_t panels = (columns + wanted - 1) / wanted;
    const std::int64_t even_share = (columns + panels - 1) / panels;
    return std::min(columns, (even_share + 63) / 64 * 64);
}

}  // namespace

std::size_t CorrelationSizes::bytes() const noexcept {
    return (row_lines + column_lines + gathered_lines) * sizeof(void*) + foreign_columns * sizeof(std::int64_t) +
           (band_slots + gathered_rows) * sizeof(BandSlot);
}

CorrelationSizes correlation_sizes(const CorrelationTask& task) noexcept {
    const auto [rows, columns] = task.input.shape;
    const std::int64_t panel = panel_columns(task);
    const bool is_whole = panel == columns;
    const std::int64_t foreign = is_whole ? 0 : 2 * task.radius[1];
    const std::int64_t held = is_whole ? columns : std::min(columns, panel + 2 * task.radius[1]);
    const std::int64_t lines_of_band = 2 * task.radius[0] + kBandRows;
    CorrelationSizes sizes;
    sizes.panel_columns = panel;
    sizes.row_lines = static_cast<std::size_t>(rows + 2 * task.radius[0] + 2 * kBandRows);
    sizes.column_lines = static_cast<std::size_t>(panel + 2 * task.radius[1] + kBandRows);
    sizes.foreign_columns = static_cast<std::size_t>(foreign);
    sizes.band_slots = static_cast<std::size_t>(1 + held + foreign + kBandRows);
    sizes.gathered_rows = static_cast<std::size_t>(std::min(lines_of_band, rows + 1));
    sizes.gathered_lines = static_cast<std::size_t>(lines_of_band);
    return sizes;
}

CorrelationScratch::CorrelationScratch(const CorrelationSizes& sizes)
    : row_lines(sizes.row_lines),
      column_lines(sizes.column_lines),
      band(sizes.band_slots),
      gathered(sizes.gathered_rows),
      gathered_lines(sizes.gathered_lines),
      panel_columns(sizes.panel_columns) {
    foreign_columns.reserve(sizes.foreign_columns);
}

}  // namespace slicepool::filters
