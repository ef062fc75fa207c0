#include <slicepool/core/dtype.hpp>

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <array>

namespace slicepool {
namespace {

struct Names {
    DType dtype;
    std::string_view numpy;
    std::string_view brief;
};

constexpr std::array kNames{
    Names{DType::u8, "uint8", "u8"},   Names{DType::u16, "uint16", "u16"},  Names{DType::i16, "int16", "i16"},
    Names{DType::i32, "int32", "i32"}, Names{DType::f32, "float32", "f32"}, Names{DType::f64, "float64", "f64"},
};

}  // namespace

std::string_view name_of(DType dtype) noexcept { return kNames[static_cast<std::size_t>(dtype)].numpy; }

DType parse_dtype(std::string_view name) {
    for (const Names& names : kNames)
        if (name == names.numpy || name == names.brief) return names.dtype;
    throw InvalidArgument(fmt::format("dtype '{}' is none of uint8, uint16, int16, int32, float32, float64", name));
}

}  // namespace slicepool
