#include "filters/running_mean.hpp"

#include <algorithm>
#include <cstring>

#include "filters/extended_line.hpp"

#include "filters/vector_targets.hpp"  // before anything of Highway

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "filters/running_mean_simd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "filters/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace slicepool::filters {
namespace HWY_NAMESPACE {

/// kLanes neighbouring columns of the input, read in place.
template <class In>
struct NeighbouringColumns {
    const void* const* lines;  // of the extended rows
    std::int64_t column;

    HWY_INLINE DoubleVector row(std::int64_t line) const {
        return load_as_double(static_cast<const In*>(lines[line]) + column);
    }
};

/// The same pixel by pixel: for rows of cval, columns apart in memory, and fewer than kLanes columns.
template <class In>
struct CollectedColumns {
    const void* const* lines;
    std::int64_t column;
    std::int64_t columns;
    std::int64_t column_stride;
    double cval;

    HWY_INLINE DoubleVector row(std::int64_t line) const {
        HWY_ALIGN double pixels[kLanes];
        const auto* first = static_cast<const std::byte*>(lines[line]);
        for (std::int64_t lane = 0; lane < std::int64_t{kLanes}; ++lane)
            pixels[lane] = first == nullptr ? cval
                                            : static_cast<double>(*reinterpret_cast<const In*>(
                                                  first + std::min(column + lane, columns - 1) * column_stride));
        return hn::Load(Doubles(), pixels);
    }
};

/// One slice being averaged: In -> first pass, rounded to Middle -> second pass, rounded to Out.
template <class In, class Middle, class Out>
class RunningMeanRun {
public:
    RunningMeanRun(const RunningMeanTask& task, RunningMeanScratch& scratch, const ConstSlice& input,
                   const Slice& output)
        : task_(task), scratch_(scratch), input_(input), output_(output) {}

    void run() {
        lay_out_lines();
        for (std::int64_t row = 0; row < input_.shape.rows; row += kBlock) {
            fill_band(row);
            const std::int64_t rows = std::min<std::int64_t>(kBlock, input_.shape.rows - row);
            for (std::int64_t part = 0; part < rows; part += kLanes)
                empty_band(row + part, part, std::min<std::int64_t>(kLanes, rows - part));
        }
    }

private:
    /// Line k of either table stands at position k - 1 - size / 2: a window's leaving pixel is line (its centre),
    /// its entering pixel line (its centre + size).
    void lay_out_lines() {
        const std::int64_t rows = input_.shape.rows;
        for (std::size_t k = 0; k < scratch_.row_lines.size(); ++k) {
            const std::int64_t row =
                extended_index(static_cast<std::int64_t>(k) - 1 - task_.size[0] / 2, rows, task_.mode.rows);
            scratch_.row_lines[k] = row == kConstantPixel ? nullptr : input_.template row<In>(row);
        }
        std::fill_n(scratch_.band[0].rows, kBandRows, task_.cval);
        for (std::size_t k = 0; k < scratch_.column_lines.size(); ++k) {
            const std::int64_t column = extended_index(static_cast<std::int64_t>(k) - 1 - task_.size[1] / 2,
                                                       input_.shape.columns, task_.mode.columns);
            const std::int64_t slot = column == kConstantPixel ? 0 : 1 + column;
            scratch_.column_lines[k] = scratch_.band[static_cast<std::size_t>(slot)].rows;
        }
    }

    void fill_band(std::int64_t row) {
        constexpr auto kWidth = static_cast<std::int64_t>(kLanes);
        const std::int64_t columns = input_.shape.columns;
        const bool meets_constant = task_.mode.rows == Boundary::constant &&
                                    (row < 1 + task_.size[0] / 2 ||
                                     row + static_cast<std::int64_t>(kBlock) + task_.size[0] > input_.shape.rows);
        const void* const* lines = scratch_.row_lines.data();
        std::int64_t i = 0;
        if (input_.has_contiguous_rows() && !meets_constant)
            for (; i + kWidth <= columns; i += kWidth) {
                if (i % (64 / static_cast<std::int64_t>(sizeof(In))) == 0) prefetch(row + std::int64_t{kBlock}, i);
                fill_columns(NeighbouringColumns<In>{lines, i}, row, i);
            }
        for (; i < columns; i += kWidth)
            fill_columns(CollectedColumns<In>{lines, i, columns, input_.column_stride, task_.cval}, row, i);
    }

    HWY_INLINE void prefetch(std::int64_t row, std::int64_t column) const {
        for (std::int64_t i = 0; i < std::int64_t{kBlock}; ++i) {
            const std::int64_t line =
                std::min(row + i + task_.size[0], static_cast<std::int64_t>(scratch_.row_lines.size()) - 1);
            const auto* pixels = static_cast<const In*>(scratch_.row_lines[static_cast<std::size_t>(line)]);
            if (pixels != nullptr) hwy::Prefetch(pixels + column);
        }
    }

    template <class Columns>
    HWY_INLINE void fill_columns(const Columns& columns, std::int64_t row, std::int64_t first) {
        const Doubles d;
        const std::int64_t size = task_.size[0];
        const auto count = hn::Set(d, static_cast<double>(size));
        DoubleVector rows[kBlock];
        if (size == 1) {
            for (std::size_t i = 0; i < kBlock; ++i) rows[i] = columns.row(row + static_cast<std::int64_t>(i) + 1);
        } else {
            double* kept = &scratch_.sums[static_cast<std::size_t>(first)];
            auto sum = hn::Zero(d);
            if (row == 0)
                for (std::int64_t i = 1; i <= size; ++i) sum = hn::Add(sum, columns.row(i));
            else
                sum = hn::Add(hn::LoadU(d, kept), hn::Sub(columns.row(row + size), columns.row(row)));
            rows[0] = hn::Div(sum, count);
            for (std::size_t i = 1; i < kBlock; ++i) {
                const std::int64_t centre = row + static_cast<std::int64_t>(i);
                sum = hn::Add(sum, hn::Sub(columns.row(centre + size), columns.row(centre)));
                rows[i] = hn::Div(sum, count);
            }
            hn::StoreU(sum, d, kept);
        }
        store_to_band<Middle>(rows, scratch_.band.data() + 1 + first);
    }

    void empty_band(std::int64_t row, std::int64_t part, std::int64_t rows) {
        const Doubles d;
        const std::int64_t size = task_.size[1];
        const std::int64_t columns = input_.shape.columns;
        const auto count = hn::Set(d, static_cast<double>(size));
        const double* const* lines = scratch_.column_lines.data();
        auto sum = hn::Zero(d);
        for (std::int64_t i = 1; i <= size; ++i) sum = hn::Add(sum, hn::Load(d, lines[i] + part));
        DoubleVector block[kBlock];
        for (std::int64_t column = 0; column < columns; column += kBlock) {
            for (std::size_t i = 0; i < kBlock; ++i) {
                const std::int64_t centre = column + static_cast<std::int64_t>(i);
                if (size == 1) {
                    block[i] = hn::Load(d, lines[centre + 1] + part);
                    continue;
                }
                if (centre > 0)
                    sum = hn::Add(sum,
                                  hn::Sub(hn::Load(d, lines[centre + size] + part), hn::Load(d, lines[centre] + part)));
                block[i] = hn::Div(sum, count);
            }
            const OutputBlock to{.first = output_.data + row * output_.row_stride + column * output_.column_stride,
                                 .row_stride = output_.row_stride,
                                 .column_stride = output_.column_stride,
                                 .rows = rows,
                                 .columns = std::min<std::int64_t>(kBlock, columns - column)};
            if (is_whole<Out>(to))
                store_whole_block<Out>(block, to);
            else
                store_part_of_block<Out>(block, to);
        }
    }

    const RunningMeanTask& task_;
    RunningMeanScratch& scratch_;
    const ConstSlice& input_;
    const Slice& output_;
};

template <class In, class Out>
void running_mean_typed(const RunningMeanTask& task, RunningMeanScratch& scratch, const ConstSlice& input,
                        const Slice& output) {
    // What float cannot hold must not be rounded on its way to the second pass when there was no first.
    if constexpr (std::is_same_v<Out, float> && (std::is_same_v<In, double> || std::is_same_v<In, std::int32_t>)) {
        if (task.size[0] == 1) return RunningMeanRun<In, double, Out>(task, scratch, input, output).run();
    }
    RunningMeanRun<In, Out, Out>(task, scratch, input, output).run();
}

void running_mean_target(const RunningMeanTask& task, RunningMeanScratch& scratch, const ConstSlice& input,
                         const Slice& output) {
    visit_dtype(input.dtype, [&]<class In>(std::type_identity<In>) {
        if (output.dtype == DType::f64)
            running_mean_typed<In, double>(task, scratch, input, output);
        else if (output.dtype == DType::f32)
            running_mean_typed<In, float>(task, scratch, input, output);
        else if constexpr (std::is_integral_v<In>)
            running_mean_typed<In, In>(task, scratch, input, output);
    });
}

}  // namespace HWY_NAMESPACE
}  // namespace slicepool::filters
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace slicepool::filters {

HWY_EXPORT(running_mean_target);

void running_mean_slice(const RunningMeanTask& task, RunningMeanScratch& scratch, const ConstSlice& input,
                        const Slice& output) {
    if (input.shape.count() == 0) return;
    HWY_DYNAMIC_DISPATCH(running_mean_target)(task, scratch, input, output);
}

}  // namespace slicepool::filters
#endif
