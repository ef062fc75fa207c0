#include "filters/correlation.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "filters/extended_line.hpp"

#include "filters/vector_targets.hpp"  // before anything of Highway

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "filters/correlation_simd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "filters/correlation_block-inl.hpp"
#include "filters/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace slicepool::filters {
namespace HWY_NAMESPACE {

/// Fusing is a matter of a sum's last double bit, which float32 results lose and the others keep. Not so over int32
/// pixels: where an axis has one pixel their sums lie half-way between two floats in one case of a hundred, and there the
/// last bit decides.
template <class In, class Out>
inline constexpr bool is_fused = std::is_same_v<Out, float> && !std::is_same_v<In, std::int32_t>;

/// The second pass over one band, rounded to Out.
template <class Out, bool kFused>
class SecondPass {
public:
    SecondPass(const CorrelationScratch& scratch, const std::vector<double>& weights, const Slice& output)
        : scratch_(scratch),
          weights_(weights.data()),
          radius_(static_cast<std::int64_t>(weights.size()) - 1),
          output_(output) {}

    /// Rows row ... row + kBlock - 1, columns first ... last - 1 of the output, from the band.
    void run(std::int64_t row, std::int64_t first, std::int64_t last) {
        const std::int64_t rows = std::min<std::int64_t>(kBlock, output_.shape.rows - row);
        for (std::int64_t column = first; column < last; column += kBlock)
            for (std::int64_t part = 0; part < rows; part += kLanes) {
                const OutputBlock to{
                    .first = output_.data + (row + part) * output_.row_stride + column * output_.column_stride,
                    .row_stride = output_.row_stride,
                    .column_stride = output_.column_stride,
                    .rows = std::min<std::int64_t>(kLanes, rows - part),
                    .columns = std::min<std::int64_t>(kBlock, last - column)};
                const double* const* centre =
                    &scratch_.column_lines[static_cast<std::size_t>(column - first + radius_)];
                if (HWY_LIKELY(is_whole<Out>(to))) {
                    DoubleVector sums[kBlock];
                    CorrelationBlock<double, kFused>(centre, part, weights_, radius_).sum(sums);
                    store_whole_block<Out>(sums, to);
                } else {
                    run_on_part(centre, part, to);
                }
            }
    }

private:
    /// Apart from the loop over whole blocks, whose sums would otherwise not stay in registers.
    HWY_NOINLINE void run_on_part(const double* const* centre, std::int64_t part, const OutputBlock& to) {
        DoubleVector sums[kBlock];
        CorrelationBlock<double, kFused>(centre, part, weights_, radius_).sum(sums);
        store_part_of_block<Out>(sums, to);
    }

    const CorrelationScratch& scratch_;
    const double* weights_;
    std::int64_t radius_;
    const Slice& output_;
};

/// The first pass over the gathered columns, rounded to Middle, into kLanes slots.
template <class Middle, bool kFused>
HWY_NOINLINE void correlate_gathered(const CorrelationScratch& scratch, const std::vector<double>& weights,
                                     BandSlot* slots) {
    const auto radius = static_cast<std::int64_t>(weights.size()) - 1;
    DoubleVector sums[kBlock];
    CorrelationBlock<double, kFused>(scratch.gathered_lines.data() + radius, 0, weights.data(), radius).sum(sums);
    store_to_band<Middle>(sums, slots);
}

/// One slice being correlated: In -> first pass, rounded to Middle -> second pass, rounded to Out.
template <class In, class Middle, class Out>
class CorrelationRun {
public:
    CorrelationRun(const CorrelationTask& task, const std::array<std::vector<double>, 2>& weights,
                   CorrelationScratch& scratch, const ConstSlice& input, const Slice& output)
        : task_(task), weights_(weights), scratch_(scratch), input_(input), output_(output) {}

    void run() {
        SecondPass<Out, kFused> second_pass(scratch_, weights_[1], output_);
        lay_out_rows();
        const std::int64_t columns = input_.shape.columns;
        for (std::int64_t first = 0; first < columns; first += scratch_.panel_columns) {
            first_ = first;
            last_ = std::min(columns, first + scratch_.panel_columns);
            lay_out_columns();
            for (std::int64_t row = 0; row < input_.shape.rows; row += kBlock) {
                fill_band(row);
                second_pass.run(row, first_, last_);
            }
        }
    }

private:
    static constexpr bool kFused = is_fused<In, Out>;
    static constexpr std::int64_t kRows = kBlock;

    const In* row_line(std::int64_t position) const {
        return static_cast<const In*>(scratch_.row_lines[static_cast<std::size_t>(position + task_.radius[0])]);
    }

    void lay_out_rows() {
        for (std::size_t k = 0; k < scratch_.row_lines.size(); ++k) {
            const std::int64_t row =
                extended_index(static_cast<std::int64_t>(k) - task_.radius[0], input_.shape.rows, task_.mode.rows);
            scratch_.row_lines[k] = row == kConstantPixel ? nullptr : input_.template row<In>(row);
        }
    }

    /// Gives every column the panel's second pass will read a slot in the band.
    void lay_out_columns() {
        const std::int64_t columns = input_.shape.columns;
        const std::int64_t radius = task_.radius[1];
        held_first_ = std::max<std::int64_t>(0, first_ - radius);
        held_last_ = std::min(columns, last_ + radius);
        std::fill_n(scratch_.band[0].rows, kBandRows, task_.cval);
        scratch_.foreign_columns.clear();
        const std::int64_t used = last_ - first_ + 2 * radius;
        for (std::int64_t k = 0; k < static_cast<std::int64_t>(scratch_.column_lines.size()); ++k) {
            std::int64_t slot = 0;
            const std::int64_t column = extended_index(first_ - radius + k, columns, task_.mode.columns);
            if (column >= held_first_ && column < held_last_) {
                slot = 1 + column - held_first_;
            } else if (column != kConstantPixel && k < used) {
                slot = 1 + held_last_ - held_first_ + static_cast<std::int64_t>(scratch_.foreign_columns.size());
                scratch_.foreign_columns.push_back(column);
            }
            scratch_.column_lines[static_cast<std::size_t>(k)] = scratch_.band[static_cast<std::size_t>(slot)].rows;
        }
    }

    /// First pass: rows row ... row + kRows - 1 of the panel's columns into the band.
    void fill_band(std::int64_t row) {
        constexpr auto kWidth = static_cast<std::int64_t>(kLanes);
        BandSlot* slots = scratch_.band.data() + 1;
        const std::int64_t held = held_last_ - held_first_;
        const bool meets_constant = task_.mode.rows == Boundary::constant &&
                                    (row < task_.radius[0] || row + kRows + task_.radius[0] > input_.shape.rows);
        if (input_.has_contiguous_rows() && !meets_constant && held >= kWidth) {
            const auto* lines = reinterpret_cast<const In* const*>(
                &scratch_.row_lines[static_cast<std::size_t>(row + task_.radius[0])]);
            for (std::int64_t i = 0; i < held; i += kWidth) {
                const std::int64_t begin = std::min(i, held - kWidth);
                if (i % (64 / static_cast<std::int64_t>(sizeof(In))) == 0) prefetch(row + kRows, held_first_ + i);
                DoubleVector sums[kBlock];
                CorrelationBlock<In, kFused>(lines, held_first_ + begin, weights_[0].data(), task_.radius[0]).sum(sums);
                store_to_band<Middle>(sums, slots + begin);
            }
        } else {
            for (std::int64_t i = 0; i < held; i += kWidth) {
                std::int64_t columns[kLanes];
                for (std::int64_t lane = 0; lane < kWidth; ++lane)
                    columns[lane] = held_first_ + std::min(i + lane, held - 1);
                fill_from_gathered(row, columns, slots + i);
            }
        }
        const auto foreign = static_cast<std::int64_t>(scratch_.foreign_columns.size());
        for (std::int64_t i = 0; i < foreign; i += kWidth) {
            std::int64_t columns[kLanes];
            for (std::int64_t lane = 0; lane < kWidth; ++lane)
                columns[lane] = scratch_.foreign_columns[static_cast<std::size_t>(std::min(i + lane, foreign - 1))];
            fill_from_gathered(row, columns, slots + held + i);
        }
    }

    /// The rows the next band adds are on their way while this one is computed: more streams than the hardware follows.
    HWY_INLINE void prefetch(std::int64_t row, std::int64_t column) const {
        for (std::int64_t i = 0; i < kRows; ++i) {
            const In* line = row_line(row + task_.radius[0] + i);
            if (line != nullptr) hwy::Prefetch(line + column);
        }
    }

    void fill_from_gathered(std::int64_t row, const std::int64_t (&columns)[kLanes], BandSlot* slots) {
        gather(row, columns);
        correlate_gathered<Middle, kFused>(scratch_, weights_[0], slots);
    }

    /// Copies the given columns of every row the band at `row` needs to `gathered`, each row once.
    void gather(std::int64_t row, const std::int64_t (&columns)[kLanes]) {
        const std::int64_t rows = input_.shape.rows;
        const std::int64_t lines = 2 * task_.radius[0] + kRows;
        const bool takes_all = lines > rows;
        const auto copy = [&](std::int64_t from, BandSlot& slot) {
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                slot.rows[lane] =
                    from == kConstantPixel
                        ? task_.cval
                        : static_cast<double>(*reinterpret_cast<const In*>(input_.data + from * input_.row_stride +
                                                                           columns[lane] * input_.column_stride));
        };
        if (takes_all) {
            for (std::int64_t i = 0; i < rows; ++i) copy(i, scratch_.gathered[static_cast<std::size_t>(i)]);
            copy(kConstantPixel, scratch_.gathered[static_cast<std::size_t>(rows)]);
        }
        for (std::int64_t k = 0; k < lines; ++k) {
            const std::int64_t from = extended_index(row - task_.radius[0] + k, rows, task_.mode.rows);
            std::int64_t slot = k;
            if (takes_all)
                slot = from == kConstantPixel ? rows : from;
            else
                copy(from, scratch_.gathered[static_cast<std::size_t>(k)]);
            scratch_.gathered_lines[static_cast<std::size_t>(k)] =
                scratch_.gathered[static_cast<std::size_t>(slot)].rows;
        }
    }

    const CorrelationTask& task_;
    const std::array<std::vector<double>, 2>& weights_;
    CorrelationScratch& scratch_;
    const ConstSlice& input_;
    const Slice& output_;
    std::int64_t first_ = 0;  // the panel's output columns: first_ ... last_ - 1
    std::int64_t last_ = 0;
    std::int64_t held_first_ = 0;  // the columns it holds in the band
    std::int64_t held_last_ = 0;
};

template <class In, class Out>
void correlate_typed(const CorrelationTask& task, const std::array<std::vector<double>, 2>& weights,
                     CorrelationScratch& scratch, const ConstSlice& input, const Slice& output) {
    // What float cannot hold must not be rounded on its way to the second pass when there was no first.
    if constexpr (std::is_same_v<Out, float> && (std::is_same_v<In, double> || std::is_same_v<In, std::int32_t>)) {
        if (!task.round_between) return CorrelationRun<In, double, Out>(task, weights, scratch, input, output).run();
    }
    CorrelationRun<In, Out, Out>(task, weights, scratch, input, output).run();
}

void correlate_target(const CorrelationTask& task, const std::array<std::vector<double>, 2>& weights,
                      CorrelationScratch& scratch, const ConstSlice& input, const Slice& output) {
    visit_dtype(input.dtype, [&]<class In>(std::type_identity<In>) {
        if (output.dtype == DType::f64)
            correlate_typed<In, double>(task, weights, scratch, input, output);
        else if (output.dtype == DType::f32)
            correlate_typed<In, float>(task, weights, scratch, input, output);
        else if constexpr (std::is_integral_v<In>)
            correlate_typed<In, In>(task, weights, scratch, input, output);
    });
}

}  // namespace HWY_NAMESPACE
}  // namespace slicepool::filters
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace slicepool::filters {

HWY_EXPORT(correlate_target);

void correlate_slice(const CorrelationTask& task, const std::array<std::vector<double>, 2>& weights,
                     CorrelationScratch& scratch, const ConstSlice& input, const Slice& output) {
    if (input.shape.count() == 0) return;
    HWY_DYNAMIC_DISPATCH(correlate_target)(task, weights, scratch, input, output);
}

}  // namespace slicepool::filters
#endif
