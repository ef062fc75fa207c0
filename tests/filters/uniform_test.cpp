// uniform_test.cpp: what uniform promises beyond agreeing with scipy on stored cases (uniform_reference_test.cpp).

#include <slicepool/filters/uniform.hpp>

#include <cmath>
#include <limits>
#include <random>

#include <hwy/targets.h>

#include <slicepool/core/error.hpp>

#include "filters/extended_line.hpp"
#include "support/catch.hpp"
#include "support/plain_image.hpp"

using namespace slicepool;
using namespace slicepool::filters;
using slicepool::testing::apply_filter;
using slicepool::testing::PlainImage;

TEST_CASE("uniform is the mean of the window, whatever the shape and the mode", "[filters][uniform]") {
    const auto seed = GENERATE(1U, 2U);
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (const SliceShape shape : {SliceShape{1, 1}, {2, 3}, {13, 7}, {8, 8}, {23, 31}, {3, 1301}})
        for (const Boundary mode :
             {Boundary::reflect, Boundary::nearest, Boundary::wrap, Boundary::mirror, Boundary::constant}) {
            CAPTURE(shape.rows, shape.columns, name_of(mode));
            PlainImage<double> input(shape, 5);
            input.fill_random(random);
            PlainImage<double> output(shape, 3);
            apply_filter(uniform({.size = {4, 7}, .mode = mode, .cval = 20.0}), input, output);
            for (std::int64_t row = 0; row < shape.rows; ++row)
                for (std::int64_t column = 0; column < shape.columns; ++column) {
                    double sum = 0.0;
                    for (std::int64_t y = row - 2; y < row + 2; ++y)
                        for (std::int64_t x = column - 3; x <= column + 3; ++x) {
                            const std::int64_t from_row = extended_index(y, shape.rows, mode);
                            const std::int64_t from_column = extended_index(x, shape.columns, mode);
                            const bool is_outside = from_row == kConstantPixel || from_column == kConstantPixel;
                            sum += is_outside ? 20.0 : input.at(from_row, from_column);
                        }
                    REQUIRE(std::abs(output.at(row, column) - sum / 28) < 1e-10);
                }
            CHECK(output.gaps_are_untouched());
        }
}

TEST_CASE("uniform gives the same bits for any strides and on every instruction set", "[filters][uniform]") {
    std::mt19937_64 random(11);
    PlainImage<std::uint16_t> input({21, 67});
    input.fill_random(random);
    const auto filter = uniform({.size = {5, 12}, .mode = {Boundary::constant, Boundary::wrap}, .cval = 4.0});
    PlainImage<float> expected(input.shape());
    apply_filter(filter, input, expected);
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets())
        for (const std::int64_t column_step : {1, 2, 5}) {
            CAPTURE(hwy::TargetName(target), column_step);
            PlainImage<std::uint16_t> spread(input.shape(), 9, column_step);
            for (std::int64_t row = 0; row < 21; ++row)
                for (std::int64_t column = 0; column < 67; ++column) spread.at(row, column) = input.at(row, column);
            PlainImage<float> output(input.shape(), 2, column_step);
            hwy::SetSupportedTargetsForTest(target);
            apply_filter(filter, spread, output);
            hwy::SetSupportedTargetsForTest(0);
            CHECK(output.pixels() == expected.pixels());
            CHECK(output.gaps_are_untouched());
        }
}

TEST_CASE("uniform refuses sizes below 1 and absurd ones", "[filters][uniform]") {
    CHECK_THROWS_AS(uniform({.size = {0, 3}}), InvalidArgument);
    CHECK_THROWS_AS(uniform({.size = {3, -1}}), InvalidArgument);
    CHECK_THROWS_AS(uniform({.size = {3, std::numeric_limits<int>::max()}}), InvalidArgument);
    CHECK_NOTHROW(uniform({.size = {1, 1}}));
}

TEST_CASE("uniform refuses an integer type that is not the input's", "[filters][uniform]") {
    const SliceSpec spec{{3, 4}, DType::u16};
    CHECK_THROWS_AS(static_cast<void>(uniform({}).plan(spec, DType::u8)), InvalidArgument);
    CHECK(uniform({}).plan(spec, DType::u16).output == spec);
}

TEST_CASE("uniform serves slices without rows or columns", "[filters][uniform]") {
    for (const SliceShape shape : {SliceShape{0, 0}, {0, 7}, {5, 0}}) {
        PlainImage<float> input(shape);
        PlainImage<float> output(shape);
        CHECK(uniform({}).plan(input.spec(), DType::f32).output == output.spec());
        apply_filter(uniform({}), input, output);
    }
}
