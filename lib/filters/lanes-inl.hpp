// lanes-inl.hpp: pixels as lanes of double: loaded, rounded to a pixel type, transposed, stored. Compiled once per
// instruction set (Highway's foreach_target). No filter in here.
#if defined(SLICEPOOL_FILTERS_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SLICEPOOL_FILTERS_LANES_INL
#undef SLICEPOOL_FILTERS_LANES_INL
#else
#define SLICEPOOL_FILTERS_LANES_INL
#endif

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <hwy/highway.h>

#include <slicepool/core/dtype.hpp>

#include "filters/band.hpp"

HWY_BEFORE_NAMESPACE();
namespace slicepool::filters {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, kBandRows>;
using DoubleVector = hn::Vec<Doubles>;
template <class T>
using Narrow = hn::Rebind<T, Doubles>;

inline constexpr std::size_t kLanes = hn::MaxLanes(Doubles());
/// Rows of a band and outputs of a register block: what the registers of the instruction set hold.
inline constexpr std::size_t kBlock = kLanes == 8 ? 8 : 4;
static_assert(kBlock % kLanes == 0 && kBlock <= std::size_t{kBandRows});

template <class T>
HWY_INLINE DoubleVector load_as_double(const T* pixels) {
    const Doubles d;
    if constexpr (std::is_same_v<T, double>)
        return hn::LoadU(d, pixels);
    else if constexpr (sizeof(T) == 4)
        return hn::PromoteTo(d, hn::LoadU(Narrow<T>(), pixels));
    else
        return hn::PromoteTo(d, hn::PromoteTo(Narrow<std::int32_t>(), hn::LoadU(Narrow<T>(), pixels)));
}

/// Doubles brought to the values pixel type T can hold: rounded for float, truncated and saturated for integers
/// (NaN becomes 0). float stays float: its transposition is cheaper.
template <class T>
HWY_INLINE auto round_to(DoubleVector value) {
    const Doubles d;
    if constexpr (std::is_same_v<T, double>) {
        return value;
    } else if constexpr (std::is_same_v<T, float>) {
        return hn::DemoteTo(Narrow<float>(), value);
    } else {
        const auto least = hn::Set(d, static_cast<double>(std::numeric_limits<T>::min()));
        const auto most = hn::Set(d, static_cast<double>(std::numeric_limits<T>::max()));
        const auto number = hn::IfThenElseZero(hn::Eq(value, value), value);
        return hn::Trunc(hn::Min(hn::Max(number, least), most));
    }
}

template <class T>
using Rounded = decltype(round_to<T>(std::declval<DoubleVector>()));

template <class V>
HWY_INLINE DoubleVector widen(V value) {
    if constexpr (std::is_same_v<V, DoubleVector>)
        return value;
    else
        return hn::PromoteTo(Doubles(), value);
}

/// `value` has been through round_to<T>.
template <class T>
HWY_INLINE void store_pixels(Rounded<T> value, T* pixels) {
    const Doubles d;
    if constexpr (std::is_same_v<T, double>)
        hn::StoreU(value, d, pixels);
    else if constexpr (std::is_same_v<T, float>)
        hn::StoreU(value, Narrow<float>(), pixels);
    else if constexpr (sizeof(T) == 4)
        hn::StoreU(hn::DemoteTo(Narrow<std::int32_t>(), value), Narrow<std::int32_t>(), pixels);
    else
        hn::StoreU(hn::DemoteTo(Narrow<T>(), hn::DemoteTo(Narrow<std::int32_t>(), value)), Narrow<T>(), pixels);
}

#if HWY_MAX_BYTES >= 32
/// Swaps rows and columns of kLanes vectors of kLanes lanes, float or double.
template <class V>
HWY_INLINE void transpose(V (&rows)[kLanes]) {
    const hn::DFromV<V> d;
    if constexpr (sizeof(hn::TFromD<decltype(d)>) == 4) {
        // Within each 128-bit block first: four floats of four rows.
        const hn::Repartition<double, decltype(d)> pairs;
        V block[kLanes];
        const auto transpose_blocks = [&](std::size_t first) HWY_ATTR {
            const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, rows[first], rows[first + 1]));
            const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, rows[first + 2], rows[first + 3]));
            const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, rows[first], rows[first + 1]));
            const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, rows[first + 2], rows[first + 3]));
            block[first] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
            block[first + 1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
            block[first + 2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
            block[first + 3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
        };
        transpose_blocks(0);
        if constexpr (kLanes == 8) {
            transpose_blocks(4);
            rows[0] = hn::ConcatLowerLower(d, block[4], block[0]);
            rows[1] = hn::ConcatLowerLower(d, block[5], block[1]);
            rows[2] = hn::ConcatLowerLower(d, block[6], block[2]);
            rows[3] = hn::ConcatLowerLower(d, block[7], block[3]);
            rows[4] = hn::ConcatUpperUpper(d, block[4], block[0]);
            rows[5] = hn::ConcatUpperUpper(d, block[5], block[1]);
            rows[6] = hn::ConcatUpperUpper(d, block[6], block[2]);
            rows[7] = hn::ConcatUpperUpper(d, block[7], block[3]);
        } else {
            rows[0] = block[0];
            rows[1] = block[1];
            rows[2] = block[2];
            rows[3] = block[3];
        }
    } else {
        // even[i] holds columns 0, 2, ... of rows 2i and 2i + 1, one column to a block; odd[i] columns 1, 3, ...
        constexpr std::size_t kPairs = kLanes / 2;
        V even[kPairs];
        V odd[kPairs];
        even[0] = hn::InterleaveLower(d, rows[0], rows[1]);
        odd[0] = hn::InterleaveUpper(d, rows[0], rows[1]);
        even[1] = hn::InterleaveLower(d, rows[2], rows[3]);
        odd[1] = hn::InterleaveUpper(d, rows[2], rows[3]);
        if constexpr (kLanes == 4) {
            rows[0] = hn::ConcatLowerLower(d, even[1], even[0]);
            rows[1] = hn::ConcatLowerLower(d, odd[1], odd[0]);
            rows[2] = hn::ConcatUpperUpper(d, even[1], even[0]);
            rows[3] = hn::ConcatUpperUpper(d, odd[1], odd[0]);
        } else {
            even[2] = hn::InterleaveLower(d, rows[4], rows[5]);
            odd[2] = hn::InterleaveUpper(d, rows[4], rows[5]);
            even[3] = hn::InterleaveLower(d, rows[6], rows[7]);
            odd[3] = hn::InterleaveUpper(d, rows[6], rows[7]);
            const auto transpose_blocks = [&](const V(&pair)[kPairs], std::size_t first) HWY_ATTR {
                const V lower02 = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(pair[1]), pair[0]);
                const V lower13 = hn::OddEvenBlocks(pair[1], hn::SwapAdjacentBlocks(pair[0]));
                const V upper02 = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(pair[3]), pair[2]);
                const V upper13 = hn::OddEvenBlocks(pair[3], hn::SwapAdjacentBlocks(pair[2]));
                rows[first] = hn::ConcatLowerLower(d, upper02, lower02);
                rows[first + 2] = hn::ConcatLowerLower(d, upper13, lower13);
                rows[first + 4] = hn::ConcatUpperUpper(d, upper02, lower02);
                rows[first + 6] = hn::ConcatUpperUpper(d, upper13, lower13);
            };
            transpose_blocks(even, 0);
            transpose_blocks(odd, 1);
        }
    }
}
#endif

#if HWY_MAX_BYTES >= 32
// Indices by pack expansion: vectors in a loop that the compiler leaves rolled would go through memory.
template <class T, std::size_t... i>
HWY_INLINE void round_and_transpose(const DoubleVector (&from)[kBlock], Rounded<T> (&to)[kLanes],
                                    std::index_sequence<i...>) {
    ((to[i] = round_to<T>(from[i])), ...);
    transpose(to);
}

template <class V, std::size_t... i>
HWY_INLINE void store_slots(const V (&columns)[kLanes], BandSlot* HWY_RESTRICT slots, std::index_sequence<i...>) {
    (hn::Store(widen(columns[i]), Doubles(), slots[i].rows), ...);
}

template <class T, std::size_t... i>
HWY_INLINE void store_rows(const Rounded<T> (&rows)[kLanes], std::byte* first, std::int64_t row_stride,
                           std::index_sequence<i...>) {
    (store_pixels<T>(rows[i], reinterpret_cast<T*>(first + static_cast<std::int64_t>(i) * row_stride)), ...);
}
#endif

/// Rounds kBlock rows of kLanes columns to T and writes them to the band: kLanes slots of kBlock rows.
template <class T>
HWY_INLINE void store_to_band(const DoubleVector (&rows)[kBlock], BandSlot* HWY_RESTRICT slots) {
#if HWY_MAX_BYTES >= 32
    constexpr std::make_index_sequence<kLanes> kAll;
    Rounded<T> block[kLanes];
    round_and_transpose<T>(rows, block, kAll);
    store_slots(block, slots, kAll);
#else
    const Doubles d;
    HWY_ALIGN double block[kBlock][kLanes];
    for (std::size_t row = 0; row < kBlock; ++row) hn::StoreU(widen(round_to<T>(rows[row])), d, block[row]);
    for (std::size_t row = 0; row < kBlock; ++row)
        for (std::size_t column = 0; column < kLanes; ++column) slots[column].rows[row] = block[row][column];
#endif
}

/// Where a block of the second pass goes: up to kLanes rows of up to kBlock columns of the output.
struct OutputBlock {
    std::byte* first;
    std::int64_t row_stride;
    std::int64_t column_stride;
    std::int64_t rows;
    std::int64_t columns;
};

/// True where store_whole_block serves.
template <class T>
HWY_INLINE bool is_whole(const OutputBlock& to) {
    return HWY_MAX_BYTES >= 32 && to.rows == std::int64_t{kLanes} && to.columns == std::int64_t{kBlock} &&
           to.column_stride == std::int64_t{sizeof(T)};
}

/// Rounds kBlock columns of kLanes rows to T and writes them.
template <class T>
HWY_INLINE void store_whole_block(const DoubleVector (&columns)[kBlock], const OutputBlock& to) {
#if HWY_MAX_BYTES >= 32
    constexpr std::make_index_sequence<kLanes> kAll;
    Rounded<T> block[kLanes];
    round_and_transpose<T>(columns, block, kAll);
    store_rows<T>(block, to.first, to.row_stride, kAll);
#else
    static_cast<void>(columns);
    static_cast<void>(to);
#endif
}

/// The same pixel by pixel, for any block: those that lie within the output.
template <class T>
HWY_INLINE void store_part_of_block(const DoubleVector (&columns)[kBlock], const OutputBlock& to) {
    const Doubles d;
    HWY_ALIGN double block[kBlock][kLanes];
    for (std::size_t column = 0; column < kBlock; ++column)
        hn::StoreU(widen(round_to<T>(columns[column])), d, block[column]);
    for (std::int64_t row = 0; row < to.rows; ++row)
        for (std::int64_t column = 0; column < to.columns; ++column)
            *reinterpret_cast<T*>(to.first + row * to.row_stride + column * to.column_stride) =
                static_cast<T>(block[column][row]);
}

}  // namespace HWY_NAMESPACE
}  // namespace slicepool::filters
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
