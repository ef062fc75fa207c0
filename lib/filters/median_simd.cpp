#include "filters/median_task.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "filters/extended_line.hpp"
#include "filters/ordered_key.hpp"

#include "filters/vector_targets.hpp"  // before anything of Highway

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "filters/median_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace slicepool::filters {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The windows of a row of neighbouring pixels, rows x columns keys each; that of pixel i starts i keys after the
/// first.
template <class Key>
struct Windows {
    const Key* keys;
    std::int64_t row_step;  // in keys
    std::int64_t rows;
    std::int64_t columns;
};

/// Medians by forgetting: of any h + 2 among 2 h + 1 keys neither the least nor the greatest is the median. Both are
/// dropped, one more key is taken in, until one is left. About (rows * columns)^2 / 2 operations.
template <class Key>
class ForgetfulMedian {
    using D = hn::ScalableTag<Key>;
    using V = hn::Vec<D>;

public:
    /// Beyond this many keys the search bit by bit is faster.
    static constexpr std::int64_t kMostKeys = 4 * (std::numeric_limits<Key>::digits + 1);

    HWY_INLINE V operator()(const Windows<Key>& windows, std::int64_t first) {
        const D d;
        const std::int64_t keys = windows.rows * windows.columns;
        if (keys == 1) return hn::LoadU(d, windows.keys + first);
        // An even number is made odd by a key that ends up above the wanted one, at n / 2.
        const std::int64_t padded = keys | 1;
        std::int64_t held = 0;
        std::int64_t row = 0;
        std::int64_t column = 0;
        const auto next = [&]() HWY_ATTR {
            if (row == windows.rows) return hn::Set(d, std::numeric_limits<Key>::max());
            const V key = hn::LoadU(d, windows.keys + row * windows.row_step + first + column);
            if (++column == windows.columns) {
                column = 0;
                ++row;
            }
            return key;
        };
        while (held < padded / 2 + 2) held_[held++] = next();
        while (held > 3) {
            move_extremes_to_ends(held);
            // The greatest, now last, is dropped; the least, now first, makes room for a new key. One slot less each
            // time.
            held_[0] = next();
            --held;
        }
        const V low = hn::Min(held_[0], held_[1]);
        const V high = hn::Max(held_[0], held_[1]);
        return hn::Max(low, hn::Min(high, held_[2]));
    }

private:
    HWY_INLINE void order(V& low, V& high) {
        const V least = hn::Min(low, high);
        high = hn::Max(low, high);
        low = least;
    }

    HWY_INLINE void move_extremes_to_ends(std::int64_t held) {
        const std::int64_t half = held / 2;
        V least = held_[0];
        V greatest = held_[held - 1];
        order(least, greatest);
        for (std::int64_t i = 1; i < half; ++i) {
            V low = held_[i];
            V high = held_[held - 1 - i];
            order(low, high);
            held_[i] = hn::Max(least, low);
            least = hn::Min(least, low);
            held_[held - 1 - i] = hn::Min(greatest, high);
            greatest = hn::Max(greatest, high);
        }
        if (held % 2 == 1) {
            V middle = held_[half];
            order(least, middle);
            order(middle, greatest);
            held_[half] = middle;
        }
        held_[0] = least;
        held_[held - 1] = greatest;
    }

    V held_[kMostKeys / 2 + 2];
};

/// Medians bit by bit: the greatest number that at most n / 2 keys are less than. 2 * bits * rows * columns operations.
template <class Key>
HWY_INLINE hn::Vec<hn::ScalableTag<Key>> searched_median(const Windows<Key>& windows, std::int64_t first) {
    const hn::ScalableTag<Key> d;
    constexpr int kDigits = std::numeric_limits<Key>::digits;
    const auto rank = hn::Set(d, static_cast<Key>(windows.rows * windows.columns / 2));
    auto found = hn::Set(d, std::numeric_limits<Key>::min());
    for (int bit = kDigits; bit >= 0; --bit) {
        const auto step = bit == kDigits ? std::numeric_limits<Key>::min() : static_cast<Key>(Key{1} << bit);
        const auto candidate = hn::Xor(found, hn::Set(d, step));
        auto less = hn::Zero(d);
        for (std::int64_t row = 0; row < windows.rows; ++row) {
            const Key* keys = windows.keys + row * windows.row_step + first;
            for (std::int64_t column = 0; column < windows.columns; ++column)
                less = hn::Sub(less, hn::VecFromMask(d, hn::Lt(hn::LoadU(d, keys + column), candidate)));
        }
        found = hn::IfThenElse(hn::Gt(less, rank), found, candidate);
    }
    return found;
}

template <class In>
class MedianRun {
    using Key = OrderedKey<In>;

public:
    MedianRun(const MedianTask& task, MedianScratch& scratch, const ConstSlice& input)
        : task_(task), scratch_(scratch), input_(input) {}

    template <class Out>
    void run(const Slice& output) {
        const std::int64_t above = task_.size[0] / 2;
        for (std::int64_t row = -above; row < task_.size[0] - 1 - above; ++row) take_in(row);
        for (std::int64_t row = 0; row < input_.shape.rows; ++row) {
            take_in(row + task_.size[0] - 1 - above);
            find_medians();
            const Key* medians = keys(task_.size[0]);
            for (std::int64_t column = 0; column < input_.shape.columns; ++column)
                *reinterpret_cast<Out*>(output.data + row * output.row_stride + column * output.column_stride) =
                    static_cast<Out>(from_key<In>(medians[column]));
        }
    }

private:
    Key* keys(std::int64_t row) const {
        return reinterpret_cast<Key*>(reinterpret_cast<std::byte*>(scratch_.words.data()) +
                                      static_cast<std::size_t>(row) * scratch_.row_bytes);
    }

    /// cval as a pixel: integers truncated and saturated.
    static In pixel_of(double cval) {
        if constexpr (std::is_floating_point_v<In>)
            return static_cast<In>(cval);
        else
            return static_cast<In>(
                std::clamp<double>(cval, std::numeric_limits<In>::min(), std::numeric_limits<In>::max()));
    }

    /// Puts the row at `position` of the extended slice where the row that left the window was.
    void take_in(std::int64_t position) {
        const std::int64_t columns = input_.shape.columns;
        const std::int64_t left = task_.size[1] / 2;
        const std::int64_t right = task_.size[1] - 1 - left;
        const std::int64_t from = extended_index(position, input_.shape.rows, task_.mode);
        const std::int64_t slot = position % task_.size[0];
        Key* line = keys(slot < 0 ? slot + task_.size[0] : slot) + left;
        const Key outside = to_key(pixel_of(task_.cval));
        if (from == kConstantPixel) {
            std::fill(line - left, line + columns + right, outside);
            return;
        }
        const std::byte* pixels = input_.data + from * input_.row_stride;
        for (std::int64_t column = 0; column < columns; ++column)
            line[column] = to_key(*reinterpret_cast<const In*>(pixels + column * input_.column_stride));
        const auto extend = [&](std::int64_t column) {
            const std::int64_t source = extended_index(column, columns, task_.mode);
            line[column] = source == kConstantPixel ? outside : line[source];
        };
        for (std::int64_t column = -left; column < 0; ++column) extend(column);
        for (std::int64_t column = columns; column < columns + right; ++column) extend(column);
    }

    /// Medians do not depend on the order of rows, so the rows may stay where they were put.
    void find_medians() {
        const hn::ScalableTag<Key> d;
        const Windows<Key> windows{keys(0), static_cast<std::int64_t>(scratch_.row_bytes / sizeof(Key)), task_.size[0],
                                   task_.size[1]};
        Key* medians = keys(task_.size[0]);
        const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
        if (windows.rows * windows.columns <= ForgetfulMedian<Key>::kMostKeys) {
            ForgetfulMedian<Key> median;
            for (std::int64_t column = 0; column < input_.shape.columns; column += lanes)
                hn::StoreU(median(windows, column), d, medians + column);
        } else {
            for (std::int64_t column = 0; column < input_.shape.columns; column += lanes)
                hn::StoreU(searched_median(windows, column), d, medians + column);
        }
    }

    const MedianTask& task_;
    MedianScratch& scratch_;
    const ConstSlice& input_;
};

void median_target(const MedianTask& task, MedianScratch& scratch, const ConstSlice& input, const Slice& output) {
    visit_dtype(input.dtype, [&]<class In>(std::type_identity<In>) {
        MedianRun<In> median(task, scratch, input);
        if (output.dtype == DType::f64)
            median.template run<double>(output);
        else if (output.dtype == DType::f32)
            median.template run<float>(output);
        else if constexpr (std::is_integral_v<In>)
            median.template run<In>(output);
    });
}

}  // namespace HWY_NAMESPACE
}  // namespace slicepool::filters
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace slicepool::filters {
namespace {

std::size_t row_bytes_of(const MedianTask& task) {
    constexpr std::size_t kLongestVector = 64;
    const std::size_t key_bytes =
        visit_dtype(task.input.dtype, []<class In>(std::type_identity<In>) { return sizeof(OrderedKey<In>); });
    const auto keys = static_cast<std::size_t>(task.input.shape.columns + task.size[1]);
    return (keys * key_bytes + 2 * kLongestVector) / kLongestVector * kLongestVector;
}

}  // namespace

HWY_EXPORT(median_target);

MedianScratch::MedianScratch(const MedianTask& task)
    : words(bytes(task) / sizeof(std::int64_t)), row_bytes(row_bytes_of(task)) {}

std::size_t MedianScratch::bytes(const MedianTask& task) noexcept {
    return static_cast<std::size_t>(task.size[0] + 1) * row_bytes_of(task);
}

void median_slice(const MedianTask& task, MedianScratch& scratch, const ConstSlice& input, const Slice& output) {
    if (input.shape.count() == 0) return;
    HWY_DYNAMIC_DISPATCH(median_target)(task, scratch, input, output);
}

}  // namespace slicepool::filters
#endif
