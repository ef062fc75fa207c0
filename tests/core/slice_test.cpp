// Slices: windows onto pixels, typed and untyped, with any strides.
#include <slicepool/core/slice.hpp>

#include <array>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using namespace slicepool;

namespace {

Slice over(std::vector<std::int16_t>& pixels, SliceShape shape, std::int64_t row_stride, std::int64_t column_stride) {
    return {reinterpret_cast<std::byte*>(pixels.data()), DType::i16, shape, row_stride, column_stride};
}

}  // namespace

TEST_CASE("a typed view reads and writes the pixels that its strides lead to", "[core][slice]") {
    std::vector<std::int16_t> pixels(40);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::int16_t>(i);
    const Slice slice = over(pixels, {3, 4}, 2 * 13, 2 * 3);
    auto view = slice.as<std::int16_t>();
    REQUIRE(view.rows() == 3);
    REQUIRE(view.cols() == 4);
    CHECK(view.outerStride() == 13);
    CHECK(view.innerStride() == 3);
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 4; ++column) CHECK(view(row, column) == 13 * row + 3 * column);
    view = view + std::int16_t{100};
    CHECK(pixels[13 + 6] == 119);
    CHECK(pixels[1] == 1);
    CHECK(*slice.row<std::int16_t>(2) == 126);
}

TEST_CASE("a slice to write passes for a slice to read, not the other way round", "[core][slice]") {
    STATIC_REQUIRE(std::is_convertible_v<Slice, ConstSlice>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<ConstSlice, Slice>);
    std::vector<std::int16_t> pixels{1, 2, 3, 4};
    const ConstSlice slice = over(pixels, {2, 2}, 4, 2);
    CHECK(slice.as<std::int16_t>()(1, 0) == 3);
    STATIC_REQUIRE(std::is_same_v<decltype(slice.row<std::int16_t>(0)), const std::int16_t*>);
}

TEST_CASE("rows are contiguous when pixels are neighbours, or when there is but one", "[core][slice]") {
    std::vector<std::int16_t> pixels(100);
    CHECK(over(pixels, {3, 4}, 8, 2).has_contiguous_rows());
    CHECK(over(pixels, {3, 4}, 50, 2).has_contiguous_rows());
    CHECK_FALSE(over(pixels, {3, 4}, 2, 8).has_contiguous_rows());
    CHECK(over(pixels, {3, 1}, 2, 8).has_contiguous_rows());
    CHECK(over(pixels, {3, 0}, 2, 8).has_contiguous_rows());
}

TEST_CASE("a contiguous slice lies row after row in its buffer", "[core][slice]") {
    std::array<double, 6> pixels{0, 1, 2, 3, 4, 5};
    const Slice slice = contiguous_slice(reinterpret_cast<std::byte*>(pixels.data()), DType::f64, {2, 3});
    CHECK(slice.row_stride == 24);
    CHECK(slice.column_stride == 8);
    CHECK(slice.as<double>()(1, 2) == 5.0);
}
