// median_test.cpp: what median promises beyond agreeing with scipy on stored cases (median_reference_test.cpp).

#include <slicepool/filters/median.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <hwy/targets.h>

#include <slicepool/core/error.hpp>

#include "filters/extended_line.hpp"
#include "support/catch.hpp"
#include "support/plain_image.hpp"

using namespace slicepool;
using namespace slicepool::filters;
using slicepool::testing::apply_filter;
using slicepool::testing::PlainImage;

namespace {

/// The definition, by sorting: NaN last.
template <class T>
T sorted_median(const PlainImage<T>& image, std::int64_t row, std::int64_t column, const MedianParameters& parameters) {
    std::vector<T> window;
    for (std::int64_t i = 0; i < parameters.size[0]; ++i)
        for (std::int64_t j = 0; j < parameters.size[1]; ++j) {
            const std::int64_t y =
                extended_index(row + i - parameters.size[0] / 2, image.shape().rows, parameters.mode);
            const std::int64_t x =
                extended_index(column + j - parameters.size[1] / 2, image.shape().columns, parameters.mode);
            window.push_back(y == kConstantPixel || x == kConstantPixel ? static_cast<T>(parameters.cval)
                                                                        : image.at(y, x));
        }
    std::sort(window.begin(), window.end(), [](T a, T b) { return a < b || (a == a && b != b); });
    return window[window.size() / 2];
}

template <class T>
void check_against_sorting(const MedianParameters& parameters, SliceShape shape, std::mt19937_64& random) {
    CAPTURE(shape.rows, shape.columns, name_of(parameters.mode), parameters.size[0], parameters.size[1],
            name_of(dtype_of<T>));
    PlainImage<T> input(shape, 3, 2);
    input.fill_random(random);
    PlainImage<T> output(shape, 1, 3);
    apply_filter(median(parameters), input, output);
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; ++column)
            REQUIRE(output.at(row, column) == sorted_median(input, row, column, parameters));
    CHECK(output.gaps_are_untouched());
}

}  // namespace

TEST_CASE("median is the middle of the sorted window for every type, size and instruction set", "[filters][median]") {
    std::mt19937_64 random(5);
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets())
        for (const SliceShape shape : {SliceShape{1, 1}, {5, 3}, {7, 37}})
            for (const auto& size : {std::array{1, 1}, {1, 2}, {3, 3}, {2, 5}, {9, 9}, {1, 71}, {13, 12}, {17, 19}})
                for (const Boundary mode : {Boundary::reflect, Boundary::wrap, Boundary::constant}) {
                    CAPTURE(hwy::TargetName(target));
                    const MedianParameters parameters{.size = size, .mode = mode, .cval = 11.0};
                    hwy::SetSupportedTargetsForTest(target);
                    check_against_sorting<std::uint8_t>(parameters, shape, random);
                    check_against_sorting<std::uint16_t>(parameters, shape, random);
                    check_against_sorting<std::int16_t>(parameters, shape, random);
                    check_against_sorting<std::int32_t>(parameters, shape, random);
                    check_against_sorting<float>(parameters, shape, random);
                    check_against_sorting<double>(parameters, shape, random);
                    hwy::SetSupportedTargetsForTest(0);
                }
}

TEST_CASE("NaN is larger than infinity to the median", "[filters][median]") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<std::vector<float>> lines{
        {nan, 1, 2}, {-nan, nan, 2}, {nan, infinity, 3}, {-infinity, nan, -0.0F}};
    const std::vector<float> medians{2, nan, infinity, -0.0F};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        PlainImage<float> input({1, 3});
        for (std::int64_t column = 0; column < 3; ++column)
            input.at(0, column) = lines[i][static_cast<std::size_t>(column)];
        PlainImage<float> output({1, 3});
        apply_filter(median({.size = {1, 3}}), input, output);
        const float middle = output.at(0, 1);
        CHECK((middle == medians[i] || (std::isnan(middle) && std::isnan(medians[i]))));
        CHECK(std::signbit(middle) == std::signbit(medians[i]));
    }
}

TEST_CASE("median converts a pixel to the type asked for", "[filters][median]") {
    PlainImage<double> input({1, 1});
    input.at(0, 0) = 0.1;
    PlainImage<float> output({1, 1});
    apply_filter(median({}), input, output);
    CHECK(output.at(0, 0) == 0.1F);
    CHECK_THROWS_AS(static_cast<void>(median({}).plan(input.spec(), DType::i32)), InvalidArgument);
}

TEST_CASE("median saturates cval to the input's type", "[filters][median]") {
    PlainImage<std::uint8_t> input({1, 1});
    input.fill(7);
    PlainImage<std::uint8_t> output({1, 1});
    apply_filter(median({.mode = Boundary::constant, .cval = 300.5}), input, output);
    CHECK(output.at(0, 0) == 255);
    apply_filter(median({.mode = Boundary::constant, .cval = -3.0}), input, output);
    CHECK(output.at(0, 0) == 0);
}

TEST_CASE("median refuses windows it cannot count and a cval that cannot be sorted", "[filters][median]") {
    CHECK_THROWS_AS(median({.size = {0, 3}}), InvalidArgument);
    CHECK_THROWS_AS(median({.size = {3, -3}}), InvalidArgument);
    CHECK_THROWS_AS(median({.size = {182, 182}}), InvalidArgument);
    CHECK_THROWS_AS(median({.cval = std::numeric_limits<double>::quiet_NaN()}), InvalidArgument);
    CHECK_NOTHROW(median({.size = {181, 181}}));
}

TEST_CASE("median serves slices without rows or columns", "[filters][median]") {
    for (const SliceShape shape : {SliceShape{0, 0}, {0, 7}, {5, 0}}) {
        PlainImage<float> input(shape);
        PlainImage<float> output(shape);
        CHECK(median({}).plan(input.spec(), DType::f32).output == output.spec());
        apply_filter(median({}), input, output);
    }
}
