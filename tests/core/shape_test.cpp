// Shapes and axes: which axes exist, what a slice along each keeps, and sizes that no machine has.
#include <slicepool/core/shape.hpp>

#include <cstdint>
#include <limits>

#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using slicepool::test::message_of;
using slicepool::test::missing_in;

TEST_CASE("an axis counts from the front, or from the end when it is negative", "[core][shape]") {
    CHECK(normalise_axis(0) == 0);
    CHECK(normalise_axis(1) == 1);
    CHECK(normalise_axis(2) == 2);
    CHECK(normalise_axis(-1) == 2);
    CHECK(normalise_axis(-2) == 1);
    CHECK(normalise_axis(-3) == 0);
}

TEST_CASE("an axis that a volume does not have is refused by its number", "[core][shape]") {
    const int axis = GENERATE(3, 4, -4, std::numeric_limits<int>::max(), std::numeric_limits<int>::min());
    CHECK_THROWS_AS(normalise_axis(axis), InvalidArgument);
    CHECK(missing_in(message_of<Error>([&] { static_cast<void>(normalise_axis(axis)); }),
                     {"axis " + std::to_string(axis) + " is out of range"}) == "");
}

TEST_CASE("a slice keeps the two other axes in the volume's order", "[core][shape]") {
    constexpr Shape shape{2, 3, 5};
    STATIC_REQUIRE(slice_shape(shape, 0) == SliceShape{3, 5});
    STATIC_REQUIRE(slice_shape(shape, 1) == SliceShape{2, 5});
    STATIC_REQUIRE(slice_shape(shape, 2) == SliceShape{2, 3});
    STATIC_REQUIRE(shape.count() == 30);
    STATIC_REQUIRE(shape[0] == 2);
    STATIC_REQUIRE(shape[1] == 3);
    STATIC_REQUIRE(shape[2] == 5);
}

TEST_CASE("the bytes of a volume are its pixels times their size", "[core][shape]") {
    CHECK(checked_bytes({2, 3, 5}, DType::u8) == 30);
    CHECK(checked_bytes({2, 3, 5}, DType::i16) == 60);
    CHECK(checked_bytes({2, 3, 5}, DType::f64) == 240);
    CHECK(checked_bytes({3000, 16, 5000}, DType::f32) == 960'000'000);
}

TEST_CASE("a volume may be empty along any axis", "[core][shape]") {
    CHECK(checked_bytes({0, 3, 5}, DType::f32) == 0);
    CHECK(checked_bytes({2, 0, 5}, DType::f32) == 0);
    CHECK(checked_bytes({2, 3, 0}, DType::f32) == 0);
    CHECK(checked_bytes({0, 0, 0}, DType::f32) == 0);
}

TEST_CASE("a negative extent is refused, even beside an empty axis", "[core][shape]") {
    CHECK(missing_in(message_of<Error>([&] {
                         static_cast<void>(checked_bytes({-1, 3, 5}, DType::f32));
                     }),
                     {"(-1, 3, 5)", "axis 0"}) == "");
    CHECK_THROWS_AS(checked_bytes({2, -3, 0}, DType::u8), InvalidArgument);
    CHECK_THROWS_AS(checked_bytes({0, 0, std::numeric_limits<std::int64_t>::min()}, DType::u8), InvalidArgument);
}

TEST_CASE("a size beyond 2^62 bytes is refused instead of wrapping round", "[core][shape]") {
    constexpr std::int64_t k2To61 = std::int64_t{1} << 61;
    CHECK(checked_bytes({k2To61, 2, 1}, DType::u8) == std::size_t{1} << 62);
    CHECK_THROWS_AS(checked_bytes({k2To61, 3, 1}, DType::u8), InvalidArgument);
    CHECK_THROWS_AS(checked_bytes({k2To61, 1, 1}, DType::f32), InvalidArgument);
    // 2^22 * 2^21 * 2^21 pixels of 1 byte are 2^64: nought, had nobody looked.
    constexpr std::int64_t k2To21 = std::int64_t{1} << 21;
    CHECK_THROWS_AS(checked_bytes({2 * k2To21, k2To21, k2To21}, DType::u8), InvalidArgument);
    CHECK_THROWS_AS(checked_bytes({std::numeric_limits<std::int64_t>::max(), 1, 1}, DType::f64), InvalidArgument);
    CHECK(missing_in(message_of<Error>([&] {
                         static_cast<void>(checked_bytes({1, 1, std::numeric_limits<std::int64_t>::max()}, DType::f64));
                     }),
                     {"9223372036854775807", "float64"}) == "");
}

TEST_CASE("an empty axis does not hide extents that no address space has", "[core][shape]") {
    // Their strides would overflow: the header of a file may claim anything.
    constexpr std::int64_t kHuge = std::int64_t{1} << 61;
    CHECK_THROWS_AS(checked_bytes({0, kHuge, kHuge}, DType::f32), InvalidArgument);
    CHECK_THROWS_AS(checked_bytes({kHuge, 0, kHuge}, DType::u8), InvalidArgument);
    CHECK_THROWS_AS(checked_bytes({kHuge, kHuge, 0}, DType::u8), InvalidArgument);
}

TEST_CASE("C-contiguous strides are in bytes, x fastest", "[core][shape]") {
    CHECK(contiguous_strides({2, 3, 5}, DType::f32) == Strides{60, 20, 4});
    CHECK(contiguous_strides({7, 1, 1}, DType::u8) == Strides{1, 1, 1});
    CHECK(contiguous_strides({2, 3, 5}, DType::f64) == Strides{120, 40, 8});
}

TEST_CASE("shapes are written as NumPy writes them", "[core][shape]") {
    CHECK(to_string(Shape{3000, 16, 5000}) == "(3000, 16, 5000)");
    CHECK(to_string(SliceShape{3000, 5000}) == "(3000, 5000)");
}
