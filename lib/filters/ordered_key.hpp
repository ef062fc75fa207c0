// ordered_key.hpp: pixels as signed integers in the same order, so that one sorting code serves all pixel types.
// NaN gets the largest key of all; no arithmetic on keys makes sense, only comparison.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <slicepool/core/dtype.hpp>

namespace slicepool::filters {

/// The smallest signed integer of at least 16 bits that can hold the pixel type's values in order.
template <PixelType T>
using OrderedKey = std::conditional_t<std::is_same_v<T, double>, std::int64_t,
                                      std::conditional_t<sizeof(T) == 4, std::int32_t, std::int16_t>>;

namespace detail {
/// Flips the magnitude bits of negative numbers: turns IEEE bits into an ordered integer and back.
template <class Key>
[[nodiscard]] constexpr Key flip_negative(Key bits) noexcept {
    return static_cast<Key>(bits ^ ((bits >> std::numeric_limits<Key>::digits) & std::numeric_limits<Key>::max()));
}
}  // namespace detail

template <PixelType T>
[[nodiscard]] constexpr OrderedKey<T> to_key(T pixel) noexcept {
    using Key = OrderedKey<T>;
    if constexpr (std::is_floating_point_v<T>)
        // NOLINTNEXTLINE(misc-redundant-expression): false for NaN, and unlike std::isnan constexpr
        return pixel == pixel ? detail::flip_negative(std::bit_cast<Key>(pixel)) : std::numeric_limits<Key>::max();
    else if constexpr (std::is_same_v<T, std::uint16_t>)
        return static_cast<Key>(pixel - 32768);
    else
        return pixel;
}

template <PixelType T>
[[nodiscard]] constexpr T from_key(OrderedKey<T> key) noexcept {
    if constexpr (std::is_floating_point_v<T>)
        return std::bit_cast<T>(detail::flip_negative(key));
    else if constexpr (std::is_same_v<T, std::uint16_t>)
        return static_cast<T>(key + 32768);
    else
        return static_cast<T>(key);
}

}  // namespace slicepool::filters
