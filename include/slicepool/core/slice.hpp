// slice.hpp: a 2-D window onto pixels, typed (SliceView) for filters and untyped (Slice) for everyone who passes them on.
// Views own nothing: they are valid while the volume or buffer behind them lives.
#pragma once

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/shape.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace slicepool {

namespace detail {
template <class T>
using SliceArray = Eigen::Array<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using MaybeConstArray = std::conditional_t<std::is_const_v<T>, const SliceArray<T>, SliceArray<T>>;
}  // namespace detail

/// An Eigen map of one slice, (rows, columns), row-major with any strides: `out = in.sqrt()` works.
/// outerStride() and innerStride() are the row and column strides in pixels. T may be const.
template <class T>
using SliceView =
    Eigen::Map<detail::MaybeConstArray<T>, Eigen::Unaligned, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// The same window without its pixel type; strides in bytes, always a multiple of the pixel's size.
template <class Byte>
struct BasicSlice {
    Byte* data = nullptr;
    DType dtype = DType::f32;
    SliceShape shape;
    std::int64_t row_stride = 0;
    std::int64_t column_stride = 0;

    /// The typed view; T must be the type behind `dtype` (the caller has checked).
    template <PixelType T>
    [[nodiscard]] auto as() const noexcept {
        using Pixel = std::conditional_t<std::is_const_v<Byte>, const T, T>;
        constexpr auto size = static_cast<Eigen::Index>(sizeof(T));
        return SliceView<Pixel>(reinterpret_cast<Pixel*>(data), shape.rows, shape.columns,
                                {row_stride / size, column_stride / size});
    }

    /// The first pixel of row `row`.
    template <PixelType T>
    [[nodiscard]] auto* row(std::int64_t row) const noexcept {
        using Pixel = std::conditional_t<std::is_const_v<Byte>, const T, T>;
        return reinterpret_cast<Pixel*>(data + row * row_stride);
    }

    /// True when pixels of a row are neighbours in memory (rows may still be apart).
    [[nodiscard]] bool has_contiguous_rows() const noexcept {
        return column_stride == static_cast<std::int64_t>(size_of(dtype)) || shape.columns <= 1;
    }
    // NOLINTNEXTLINE(google-explicit-constructor): as a T* is a const T*
    operator BasicSlice<const std::byte>() const noexcept requires(!std::is_const_v<Byte>) {
        return {data, dtype, shape, row_stride, column_stride};
    }
};

using Slice = BasicSlice<std::byte>;
using ConstSlice = BasicSlice<const std::byte>;

/// A slice over a C-contiguous buffer of shape.count() pixels; borrowed.
[[nodiscard]] inline Slice contiguous_slice(std::byte* data, DType dtype, SliceShape shape) noexcept {
    const auto size = static_cast<std::int64_t>(size_of(dtype));
    return {data, dtype, shape, shape.columns * size, size};
}

}  // namespace slicepool
