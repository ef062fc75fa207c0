// fresnel_batch.hpp: sixteen rows of doubles to and from the lanes of an FftBuffer.
// It does not know what happens to the lanes in between, nor what the rows' pixels were.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filters/fft.hpp"

namespace slicepool::filters {

/// Rows 2 * b and 2 * b + 1 are the real and imaginary parts of lane b: a filter whose response is real and even (or,
/// in two dimensions, real and symmetric) treats the two independently.
inline constexpr std::int64_t kBatchRows = 2 * kFftLanes;

/// Owns kBatchRows rows of `columns` doubles.
class RowBatch {
public:
    explicit RowBatch(std::int64_t columns);
    [[nodiscard]] double* row(std::int64_t index) noexcept { return rows_.data() + index * pitch_; }
    [[nodiscard]] const double* row(std::int64_t index) const noexcept { return rows_.data() + index * pitch_; }
    [[nodiscard]] std::int64_t columns() const noexcept { return columns_; }
    void clear_row(std::int64_t index) noexcept;

    /// Element x of each row, times the row's factor, to element `offset` + x of its lane. What is before and after, up
    /// to `length`, becomes the first and the last element again, or 0.
    void to_lanes(SplitComplex lanes, std::int64_t offset, std::int64_t length, bool edges_repeated,
                  const std::array<double, kBatchRows>& factors) const noexcept;
    /// Elements `offset` + x of the lanes, times the row's factor, to element x of the rows.
    void from_lanes(SplitComplex lanes, std::int64_t offset, const std::array<double, kBatchRows>& factors) noexcept;

    [[nodiscard]] static std::size_t bytes(std::int64_t columns) noexcept;

private:
    std::int64_t columns_;
    std::int64_t pitch_;
    std::vector<double> rows_;
};

}  // namespace slicepool::filters
