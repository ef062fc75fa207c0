// What comes out, on every backend: the right pixels in the right places, whatever axis, shape, type and layout.

#include <cmath>
#include <string>
#include <vector>

#include <slicepool/filters/chain.hpp>
#include <slicepool/filters/gaussian.hpp>
#include <slicepool/filters/median.hpp>

#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

const auto kDoubled = [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; };

}  // namespace

TEST_CASE("every slice arrives at its own place, along every axis, for small and odd shapes", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2, -1, -2, -3);
    const Shape shape = GENERATE(Shape{1, 1, 1}, Shape{2, 3, 5}, Shape{7, 1, 13}, Shape{1, 17, 1}, Shape{5, 11, 37},
                                 Shape{19, 2, 64}, Shape{3, 3, 129});
    const auto input = numbered_volume<float>(shape);
    const auto output = constant_volume<float>(shape, -1.0F);
    const auto expected = Volume<float>::create(shape);
    for (std::int64_t i = 0; i < shape.count(); ++i) expected.data()[i] = 2 * input.data()[i];

    const Report report = process_slices(input, output, kDoubled, {.axis = axis, .n_jobs = 3, .backend = backend});

    CHECK(report.ok());
    CHECK(report.slices.size() == static_cast<std::size_t>(shape[normalise_axis(axis)]));
    CHECK(differing_pixels(output, expected) == 0);
}

TEST_CASE("a slice is what NumPy's indexing along the axis gives: rows and columns in the volume's order",
          "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const Shape shape{4, 5, 18};
    const auto input = numbered_volume<float>(shape);
    const auto output = constant_volume<float>(shape, 0.0F);
    const auto numbered = [](SliceView<const float> in, SliceView<float> out) {
        for (Eigen::Index row = 0; row < in.rows(); ++row)
            for (Eigen::Index column = 0; column < in.cols(); ++column)
                out(row, column) = static_cast<float>(100 * row + column);
    };

    process_slices(input, output, numbered, {.axis = axis, .n_jobs = 2, .backend = backend}).raise();

    const auto [rows, columns] = slice_axes(axis);
    for (std::int64_t z = 0; z < shape.depth; ++z)
        for (std::int64_t y = 0; y < shape.height; ++y)
            for (std::int64_t x = 0; x < shape.width; ++x) {
                const std::array at{z, y, x};
                REQUIRE(output(z, y, x) == static_cast<float>(100 * at[static_cast<std::size_t>(rows)] +
                                                              at[static_cast<std::size_t>(columns)]));
            }
}

TEMPLATE_TEST_CASE("every pixel type goes in and comes out", "[contract]", std::uint8_t, std::uint16_t, std::int16_t,
                   std::int32_t, float, double) {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const Shape shape{5, 7, 35};
    const auto input = numbered_volume<TestType>(shape);
    const auto same = constant_volume<TestType>(shape, 0);
    const auto wide = constant_volume<double>(shape, 0);

    process_slices(input, same, [](SliceView<const TestType> in, SliceView<TestType> out) { out = in; },
                   {.axis = axis, .n_jobs = 2, .backend = backend})
        .raise();
    process_slices(input, wide,
                   [](SliceView<const TestType> in, SliceView<double> out) { out = in.template cast<double>(); },
                   {.axis = axis, .n_jobs = 2, .backend = backend})
        .raise();

    CHECK(differing_pixels(input, same) == 0);
    CHECK(differing_pixels(input, wide) == 0);
}

TEST_CASE("output slices may have a shape of their own", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const auto input = numbered_volume<float>({6, 8, 34});
    Shape shape = input.shape();
    if (axis != 0) shape.depth = 1;
    if (axis == 0) shape.height = 1;
    const auto output = constant_volume<float>(shape, 0);
    const auto column_sums = [](SliceView<const float> in, SliceView<float> out) { out.row(0) = in.colwise().sum(); };

    process_slices(input, output, column_sums, {.axis = axis, .n_jobs = 2, .backend = backend}).raise();

    for (std::int64_t index = 0; index < input.shape()[axis]; ++index) {
        const auto in = input.slice(axis, index);
        const auto out = output.slice(axis, index);
        REQUIRE((out.row(0) == in.colwise().sum()).all());
    }
}

TEST_CASE("views of volumes are processed like volumes: cropped, strided, and nothing outside is touched",
          "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const auto big_input = numbered_volume<float>({9, 10, 70});
    const auto big_output = constant_volume<float>({12, 12, 80}, -7.0F);
    const auto input =
        big_input.view({.start = 1, .stop = 8}, {.start = 0, .stop = -1, .step = 2}, {.start = 3, .step = 3});
    const auto output = big_output.view({.start = 2, .stop = 9}, {.start = 4, .stop = 9}, {.start = 5, .stop = 28});
    REQUIRE(input.shape() == Shape{7, 5, 23});
    REQUIRE(output.shape() == input.shape());

    process_slices(input, output, kDoubled, {.axis = axis, .n_jobs = 3, .backend = backend}).raise();

    std::int64_t inside = 0;
    for (std::int64_t z = 0; z < 12; ++z)
        for (std::int64_t y = 0; y < 12; ++y)
            for (std::int64_t x = 0; x < 80; ++x) {
                if (z >= 2 && z < 9 && y >= 4 && y < 9 && x >= 5 && x < 28) {
                    REQUIRE(big_output(z, y, x) == 2 * input(z - 2, y - 4, x - 5));
                    ++inside;
                } else {
                    REQUIRE(big_output(z, y, x) == -7.0F);
                }
            }
    CHECK(inside == output.shape().count());
}

TEST_CASE("volumes laid out slice by slice give the same pixels", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const int layout_axis = GENERATE(0, 1, 2);
    const Shape shape{6, 5, 33};
    const auto input = numbered_volume<float>(shape, Layout::contiguous_slices(layout_axis));
    const auto plain = numbered_volume<float>(shape);
    const auto output = Volume<float>::create(shape, Layout::contiguous_slices(layout_axis));
    const auto expected = constant_volume<float>(shape, 0);

    process_slices(input, output, kDoubled, {.axis = axis, .n_jobs = 2, .backend = backend}).raise();
    process_slices(plain, expected, kDoubled, {.axis = axis, .n_jobs = 1, .backend = Backend::serial}).raise();

    CHECK(differing_pixels(output, expected) == 0);
}

TEST_CASE("a selection start:stop:step touches its slices and no other", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const Shape shape{11, 12, 40};
    const auto input = numbered_volume<float>(shape);
    const auto output = constant_volume<float>(shape, -1.0F);

    const Report report = process_slices(
        input, output, kDoubled,
        {.axis = axis, .n_jobs = 2, .backend = backend, .first_slice = 1, .last_slice = -2, .slice_step = 3});

    CHECK(report.ok());
    for (std::int64_t index = 0; index < shape[axis]; ++index) {
        const bool selected = index >= 1 && index < shape[axis] - 2 && (index - 1) % 3 == 0;
        const float factor = selected ? 2.0F : 0.0F;
        const float offset = selected ? 0.0F : -1.0F;
        REQUIRE((output.slice(axis, index) == factor * input.slice(axis, index) + offset).all());
    }
    REQUIRE_FALSE(report.slices.empty());
    CHECK(report.slices.front().index == 1);
    CHECK(report.slices[1].index == 4);
}

TEST_CASE("ready-made filters and chains give the same bits on every backend and for any number of workers",
          "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const int jobs = GENERATE(1, 2, 5);
    const Shape shape{23, 31, 47};
    const auto input = numbered_volume<float>(shape);
    const auto filter = chain(filters::gaussian({.sigma = {1.5, 2.5}}), filters::median({.size = {3, 3}}));
    const auto expected = constant_volume<float>(shape, -1.0F);
    const auto output = constant_volume<float>(shape, -2.0F);

    process_slices(input, expected, filter, {.axis = axis, .backend = Backend::serial}).raise();
    const Report report = process_slices(input, output, filter, {.axis = axis, .n_jobs = jobs, .backend = backend});

    CHECK(report.ok());
    CHECK(differing_pixels(output, expected) == 0);
}

TEST_CASE("a callable may capture anything, also by reference", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Shape shape{4, 5, 6};
    const auto input = numbered_volume<float>(shape);
    const auto output = constant_volume<float>(shape, 0);
    const std::vector<float> table(1000, 3.0F);
    const std::string word(100, 'x');

    process_slices(input, output,
                   [&](SliceView<const float> in, SliceView<float> out) {
                       out = in * table.at(999) + static_cast<float>(word.size());
                   },
                   {.n_jobs = 2, .backend = backend})
        .raise();

    CHECK(output(3, 4, 5) == input(3, 4, 5) * 3 + 100);
}

TEST_CASE("the caller's own memory is adopted by one copy, which the report counts", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Shape shape{3, 4, 5};
    std::vector<float> mine(60, 1.5F);
    const auto input = Volume<float>::adopt(mine.data(), shape);
    const auto output = constant_volume<float>(shape, 0);

    const Report report = process_slices(input, output, kDoubled, {.n_jobs = 2, .backend = backend});

    CHECK(report.ok());
    CHECK(output(2, 3, 4) == 3.0F);
    CHECK(report.copied_bytes == 60 * sizeof(float));
}
