// gaussian_test.cpp: what gaussian promises beyond agreeing with scipy on stored cases (gaussian_reference_test.cpp):
// strides, shapes wider than its panels, refusals, plans.

#include <slicepool/filters/gaussian.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <hwy/targets.h>

#include <slicepool/core/error.hpp>

#include "filters/extended_line.hpp"
#include "filters/gaussian_weights.hpp"
#include "support/catch.hpp"
#include "support/plain_image.hpp"

using namespace slicepool;
using namespace slicepool::filters;
using slicepool::testing::apply_filter;
using slicepool::testing::PlainImage;

namespace {

/// One pass in double, written for reading: the definition.
PlainImage<double> smoothed(const PlainImage<double>& image, int axis, double sigma, std::int64_t radius, Boundary mode,
                            double cval) {
    const auto weights = gaussian_weights(sigma, radius);
    const SliceShape shape = image.shape();
    PlainImage<double> result(shape);
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; ++column) {
            double sum = 0.0;
            for (std::int64_t k = -radius; k <= radius; ++k) {
                const std::int64_t index =
                    extended_index((axis == 0 ? row : column) + k, axis == 0 ? shape.rows : shape.columns, mode);
                const double pixel = index == kConstantPixel ? cval
                                     : axis == 0             ? image.at(index, column)
                                                             : image.at(row, index);
                sum += pixel * weights[static_cast<std::size_t>(std::abs(k))];
            }
            result.at(row, column) = sum;
        }
    return result;
}

double greatest_difference(PlainImage<double> a, PlainImage<double> b) {
    double greatest = 0.0;
    const auto first = a.pixels();
    const auto second = b.pixels();
    for (std::size_t i = 0; i < first.size(); ++i) greatest = std::max(greatest, std::abs(first[i] - second[i]));
    return greatest;
}

/// One row of scipy.ndimage.correlate1d in its order, centre first, then pairs from far to near, rounded to float.
template <class Pixel>
std::vector<float> row_in_order_of_scipy(const std::vector<Pixel>& row, const std::vector<double>& weights,
                                         const std::function<std::int64_t(std::int64_t)>& index_of) {
    const auto pixel = [&](std::int64_t k) { return static_cast<double>(row[static_cast<std::size_t>(index_of(k))]); };
    std::vector<float> result;
    for (std::int64_t column = 0; column < static_cast<std::int64_t>(row.size()); ++column) {
        double sum = pixel(column) * weights[0];
        for (auto distance = static_cast<std::int64_t>(weights.size()) - 1; distance > 0; --distance)
            sum += (pixel(column - distance) + pixel(column + distance)) * weights[static_cast<std::size_t>(distance)];
        result.push_back(static_cast<float>(sum));
    }
    return result;
}

}  // namespace

TEST_CASE("gaussian is two passes of weighted sums, whatever the shape and the mode", "[filters][gaussian]") {
    const auto seed = GENERATE(1U, 2U, 3U);
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (const SliceShape shape : {SliceShape{1, 1}, {2, 3}, {13, 7}, {8, 8}, {23, 31}, {3, 6007}, {401, 5}})
        for (const Boundary mode :
             {Boundary::reflect, Boundary::nearest, Boundary::wrap, Boundary::mirror, Boundary::constant}) {
            CAPTURE(shape.rows, shape.columns, name_of(mode));
            PlainImage<double> input(shape, 5);
            input.fill_random(random);
            PlainImage<double> output(shape, 3);
            apply_filter(gaussian({.sigma = {1.5, 4.0}, .mode = mode, .cval = 20.0}), input, output);
            const auto once = smoothed(input, 0, 1.5, 6, mode, 20.0);
            CHECK(greatest_difference(output, smoothed(once, 1, 4.0, 16, mode, 20.0)) < 1e-12);
            CHECK(output.gaps_are_untouched());
        }
}

TEST_CASE("a gaussian far wider than the slice still sees it periodically", "[filters][gaussian]") {
    PlainImage<double> input({3, 4});
    std::mt19937_64 random(7);
    input.fill_random(random);
    for (const Boundary mode : {Boundary::reflect, Boundary::wrap, Boundary::mirror, Boundary::constant}) {
        PlainImage<double> output({3, 4});
        apply_filter(gaussian({.sigma = {60.0, 200.0}, .mode = mode, .cval = 1.0, .radius = {-1, 999}}), input, output);
        CHECK(greatest_difference(
                  output, smoothed(smoothed(input, 0, 60.0, 240, mode, 1.0), 1, 200.0, 999, mode, 1.0)) < 1e-12);
    }
}

TEST_CASE("gaussian gives the same bits for any strides", "[filters][gaussian]") {
    std::mt19937_64 random(11);
    PlainImage<float> input({21, 67});
    input.fill_random(random);
    PlainImage<float> expected(input.shape());
    const auto filter = gaussian({.sigma = {2.0, 3.0}, .mode = {Boundary::constant, Boundary::wrap}, .cval = 4.0});
    apply_filter(filter, input, expected);
    for (const std::int64_t column_step : {1, 2, 5}) {
        PlainImage<float> spread(input.shape(), 9, column_step);
        for (std::int64_t row = 0; row < 21; ++row)
            for (std::int64_t column = 0; column < 67; ++column) spread.at(row, column) = input.at(row, column);
        PlainImage<float> output(input.shape(), 2, column_step);
        apply_filter(filter, spread, output);
        CHECK(output.pixels() == expected.pixels());
        CHECK(output.gaps_are_untouched());
    }
}

TEST_CASE("gaussian is within one float32 ulp on every instruction set of this machine", "[filters][gaussian]") {
    std::mt19937_64 random(13);
    PlainImage<float> input({37, 301});
    input.fill_random(random);
    const auto filter = gaussian({.sigma = {3.0, 5.0}});
    PlainImage<float> usual(input.shape());
    apply_filter(filter, input, usual);
    PlainImage<double> usual_doubles(input.shape());
    apply_filter(filter, input, usual_doubles);
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        CAPTURE(hwy::TargetName(target));
        hwy::SetSupportedTargetsForTest(target);
        PlainImage<float> output(input.shape());
        apply_filter(filter, input, output);
        PlainImage<double> doubles(input.shape());
        apply_filter(filter, input, doubles);
        hwy::SetSupportedTargetsForTest(0);
        for (std::int64_t row = 0; row < 37; ++row)
            for (std::int64_t column = 0; column < 301; ++column) {
                const float got = output.at(row, column);
                const float other = usual.at(row, column);
                REQUIRE((got == other || std::nextafter(got, other) == other));
            }
        CHECK(doubles.pixels() == usual_doubles.pixels());
    }
}

TEST_CASE("gaussian rounds int32 pixels half-way between two floats as scipy does, to the bit", "[filters][gaussian]") {
    // At 2^30 floats are 128 apart; whether the sum of weights times such a pixel rounds up or down hangs on its last bit.
    constexpr std::int64_t kColumns = 301;
    std::mt19937_64 random(23);
    std::vector<std::int32_t> pixels;
    for (std::int64_t i = 0; i < kColumns; ++i) {
        const auto pixel = static_cast<std::int32_t>((1U << 30) + 64 + 128 * (random() % 100'000));
        pixels.push_back(i % 2 == 0 ? pixel : -pixel);
    }
    PlainImage<std::int32_t> input({1, kColumns});
    for (std::int64_t i = 0; i < kColumns; ++i) input.at(0, i) = pixels[static_cast<std::size_t>(i)];
    const auto down = gaussian_weights(17.3, 69);
    const auto across = gaussian_weights(3.0, 12);
    std::vector<float> between;  // the row is its own neighbour above and below
    for (const std::int32_t pixel : pixels)
        between.push_back(
            row_in_order_of_scipy(std::vector<std::int32_t>{pixel}, down, [](std::int64_t) { return 0; })[0]);
    const auto expected = row_in_order_of_scipy(
        between, across, [](std::int64_t k) { return extended_index(k, kColumns, Boundary::mirror); });
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        CAPTURE(hwy::TargetName(target));
        hwy::SetSupportedTargetsForTest(target);
        PlainImage<float> output(input.shape());
        apply_filter(gaussian({.sigma = {17.3, 3.0}, .mode = {Boundary::nearest, Boundary::mirror}}), input, output);
        hwy::SetSupportedTargetsForTest(0);
        CHECK(output.pixels() == expected);
    }
}

TEST_CASE("an axis with sigma 0 is left alone, both make a copy", "[filters][gaussian]") {
    std::mt19937_64 random(17);
    PlainImage<double> input({9, 10});
    input.fill_random(random);
    PlainImage<double> output(input.shape());
    apply_filter(gaussian({.sigma = {0.0, 0.0}}), input, output);
    CHECK(output.pixels() == input.pixels());
    apply_filter(gaussian({.sigma = {0.0, 2.0}}), input, output);
    CHECK(greatest_difference(output, smoothed(input, 1, 2.0, 8, Boundary::reflect, 0.0)) < 1e-12);
    apply_filter(gaussian({.sigma = {2.0, 1e-16}}), input, output);
    CHECK(greatest_difference(output, smoothed(input, 0, 2.0, 8, Boundary::reflect, 0.0)) < 1e-12);
}

TEST_CASE("gaussian serves slices without rows or columns", "[filters][gaussian]") {
    for (const SliceShape shape : {SliceShape{0, 0}, {0, 7}, {5, 0}}) {
        PlainImage<float> input(shape);
        PlainImage<float> output(shape);
        CHECK(gaussian({}).plan(input.spec(), DType::f32).output == output.spec());
        apply_filter(gaussian({}), input, output);
    }
}

TEST_CASE("gaussian saturates what cval pushes out of an integer's range", "[filters][gaussian]") {
    PlainImage<std::uint8_t> input({5, 5});
    input.fill(250);
    PlainImage<std::uint8_t> output(input.shape());
    apply_filter(gaussian({.mode = Boundary::constant, .cval = 1e9}), input, output);
    CHECK(output.at(0, 0) == 255);
    apply_filter(gaussian({.mode = Boundary::constant, .cval = -1e9}), input, output);
    CHECK(output.at(0, 0) == 0);
    apply_filter(gaussian({.mode = Boundary::constant, .cval = std::numeric_limits<double>::quiet_NaN()}), input,
                 output);
    CHECK(output.at(0, 0) == 0);
}

TEST_CASE("a kernel serves slice after slice", "[filters][gaussian]") {
    std::mt19937_64 random(19);
    const auto filter = gaussian({.sigma = {1.0, 2.0}, .mode = Boundary::wrap});
    PlainImage<float> image({12, 13});
    const auto kernel = filter.prepare(image.spec(), DType::f32);
    for (int i = 0; i < 3; ++i) {
        image.fill_random(random);
        PlainImage<float> kept(image.shape());
        kernel->apply(image.slice(), kept.slice());
        PlainImage<float> fresh(image.shape());
        apply_filter(filter, image, fresh);
        CHECK(kept.pixels() == fresh.pixels());
    }
}

TEST_CASE("gaussian refuses parameters that mean nothing, naming them", "[filters][gaussian]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    const auto refusal = [](const GaussianParameters& parameters) {
        try {
            static_cast<void>(gaussian(parameters));
        } catch (const InvalidArgument& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    CHECK(refusal({.sigma = {-1.0, 1.0}}).find("sigma -1 along rows") != std::string::npos);
    CHECK(refusal({.sigma = {1.0, nan}}).find("sigma nan along columns") != std::string::npos);
    CHECK(refusal({.sigma = {1.0, infinity}}).find("sigma inf") != std::string::npos);
    CHECK(refusal({.truncate = 0.0}).find("truncate 0") != std::string::npos);
    CHECK(refusal({.truncate = -4.0}).find("truncate -4") != std::string::npos);
    CHECK(refusal({.truncate = nan}).find("truncate nan") != std::string::npos);
    CHECK(refusal({.radius = {-2, 3}}).find("radius -2 along rows") != std::string::npos);
    CHECK(refusal({.sigma = {1e7, 1.0}}).find("2^24") != std::string::npos);
    CHECK(refusal({.radius = {1, 1 << 23}}).find("2^24") != std::string::npos);
    CHECK(refusal({.sigma = {1e300, 1.0}, .radius = {2, 2}}) == "accepted");
    CHECK(refusal({.sigma = {3, 5}, .mode = Boundary::wrap}) == "accepted");
}

TEST_CASE("gaussian makes float32, float64 or the input's own type", "[filters][gaussian]") {
    const Gaussian filter = gaussian({});
    for (const DType input : {DType::u8, DType::u16, DType::i16, DType::i32, DType::f32, DType::f64})
        for (const DType wish : {DType::u8, DType::u16, DType::i16, DType::i32, DType::f32, DType::f64}) {
            const SliceSpec spec{{30, 40}, input};
            if (wish == input || is_floating(wish)) {
                const FilterPlan plan = filter.plan(spec, wish);
                CHECK(plan.output == SliceSpec{{30, 40}, wish});
                CHECK_FALSE(plan.in_place);
                CHECK(plan.scratch_bytes > 0);
            } else {
                CHECK_THROWS_AS(static_cast<void>(filter.plan(spec, wish)), InvalidArgument);
            }
        }
}
