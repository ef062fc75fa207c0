// dtype.hpp: the six pixel types a volume may hold, as types and as run-time values.
// It does no arithmetic and no conversion; filters do that.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace slicepool {

enum class DType : std::uint8_t { u8, u16, i16, i32, f32, f64 };

template <class T>
concept PixelType = std::same_as<T, std::uint8_t> || std::same_as<T, std::uint16_t> || std::same_as<T, std::int16_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, float> || std::same_as<T, double>;

template <PixelType T>
inline constexpr DType dtype_of = std::same_as<T, std::uint8_t>    ? DType::u8
                                  : std::same_as<T, std::uint16_t> ? DType::u16
                                  : std::same_as<T, std::int16_t>  ? DType::i16
                                  : std::same_as<T, std::int32_t>  ? DType::i32
                                  : std::same_as<T, float>         ? DType::f32
                                                                   : DType::f64;

/// Calls `function(std::type_identity<T>{})` with the pixel type behind `dtype` and returns what it returns.
template <class Function>
decltype(auto) visit_dtype(DType dtype, Function&& function) {
    switch (dtype) {
        case DType::u8: return function(std::type_identity<std::uint8_t>{});
        case DType::u16: return function(std::type_identity<std::uint16_t>{});
        case DType::i16: return function(std::type_identity<std::int16_t>{});
        case DType::i32: return function(std::type_identity<std::int32_t>{});
        case DType::f32: return function(std::type_identity<float>{});
        case DType::f64: break;
    }
    return function(std::type_identity<double>{});
}

/// Bytes of one pixel.
[[nodiscard]] constexpr std::size_t size_of(DType dtype) noexcept {
    switch (dtype) {
        case DType::u8: return 1;
        case DType::u16:
        case DType::i16: return 2;
        case DType::i32:
        case DType::f32: return 4;
        case DType::f64: break;
    }
    return 8;
}

[[nodiscard]] constexpr bool is_floating(DType dtype) noexcept { return dtype == DType::f32 || dtype == DType::f64; }

/// NumPy's name: "uint8", "uint16", "int16", "int32", "float32", "float64".
[[nodiscard]] std::string_view name_of(DType dtype) noexcept;

/// The inverse of name_of; also takes the short names "u8" ... "f64". Throws InvalidArgument, listing what would do.
[[nodiscard]] DType parse_dtype(std::string_view name);

}  // namespace slicepool
