#include "filters/fresnel_batch.hpp"

#include <algorithm>

namespace slicepool::filters {
namespace {

// A cache line more than needed, so that the sixteen rows do not start in one cache set when columns is a power of two.
std::int64_t pitch_for(std::int64_t columns) { return columns + kFftLanes; }

}  // namespace

RowBatch::RowBatch(std::int64_t columns)
    : columns_(columns), pitch_(pitch_for(columns)), rows_(static_cast<std::size_t>(kBatchRows * pitch_)) {}

std::size_t RowBatch::bytes(std::int64_t columns) noexcept {
    return static_cast<std::size_t>(kBatchRows * pitch_for(columns)) * sizeof(double);
}

void RowBatch::clear_row(std::int64_t index) noexcept { std::fill_n(row(index), columns_, 0.0); }

void RowBatch::to_lanes(SplitComplex lanes, std::int64_t offset, std::int64_t length, bool edges_repeated,
                        const std::array<double, kBatchRows>& factors) const noexcept {
    std::array<double, kFftLanes> re_factors, im_factors;
    for (std::int64_t lane = 0; lane < kFftLanes; ++lane) {
        re_factors[lane] = factors[2 * lane];
        im_factors[lane] = factors[2 * lane + 1];
    }
    double* re = lanes.re + offset * kFftLanes;
    double* im = lanes.im + offset * kFftLanes;
    for (std::int64_t x = 0; x < columns_; ++x) {
        for (std::int64_t lane = 0; lane < kFftLanes; ++lane) {
            re[x * kFftLanes + lane] = rows_[2 * lane * pitch_ + x] * re_factors[lane];
            im[x * kFftLanes + lane] = rows_[(2 * lane + 1) * pitch_ + x] * im_factors[lane];
        }
    }
    const std::int64_t end = offset + columns_;
    for (double* part : {lanes.re, lanes.im}) {
        if (!edges_repeated) {
            std::fill(part, part + offset * kFftLanes, 0.0);
            std::fill(part + end * kFftLanes, part + length * kFftLanes, 0.0);
            continue;
        }
        for (std::int64_t x = 0; x < offset; ++x)
            std::copy_n(part + offset * kFftLanes, kFftLanes, part + x * kFftLanes);
        for (std::int64_t x = end; x < length; ++x)
            std::copy_n(part + (end - 1) * kFftLanes, kFftLanes, part + x * kFftLanes);
    }
}

void RowBatch::from_lanes(SplitComplex lanes, std::int64_t offset,
                          const std::array<double, kBatchRows>& factors) noexcept {
    const double* re = lanes.re + offset * kFftLanes;
    const double* im = lanes.im + offset * kFftLanes;
    for (std::int64_t x = 0; x < columns_; ++x) {
        for (std::int64_t lane = 0; lane < kFftLanes; ++lane) {
            rows_[2 * lane * pitch_ + x] = re[x * kFftLanes + lane] * factors[2 * lane];
            rows_[(2 * lane + 1) * pitch_ + x] = im[x * kFftLanes + lane] * factors[2 * lane + 1];
        }
    }
}

}  // namespace slicepool::filters
