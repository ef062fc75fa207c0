// The fresnel filter's behaviour at its edges; its numbers are in fresnel_reference_test.cpp.
#include <slicepool/filters/fresnel.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

#include <slicepool/core/error.hpp>

namespace slicepool::filters {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> random_pixels(std::int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(0.1, 1.5);
    std::vector<double> pixels(static_cast<std::size_t>(count));
    for (double& pixel : pixels) pixel = uniform(random);
    return pixels;
}

Slice slice_of(std::vector<double>& pixels, SliceShape shape) {
    return contiguous_slice(reinterpret_cast<std::byte*>(pixels.data()), DType::f64, shape);
}

std::vector<double> apply(const FresnelParameters& parameters, std::vector<double> pixels, SliceShape shape) {
    std::vector<double> output(pixels.size(), -7.0);
    fresnel(parameters)
        .prepare({shape, DType::f64}, DType::f64)
        ->apply(slice_of(pixels, shape), slice_of(output, shape));
    return output;
}

double worst_difference(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!(std::abs(a[i] - b[i]) <= worst)) worst = std::abs(a[i] - b[i]);
    }
    return worst;
}

bool are_close(double a, double b, double relative) { return std::abs(a - b) <= relative * std::abs(b); }

// What the filter divides by when no window is given, in the layout of a given window.
std::vector<double> default_window(double ratio, int dim, SliceShape shape) {
    std::vector<double> window;
    for (std::int64_t y = 0; y < shape.rows; ++y)
        for (std::int64_t x = 0; x < shape.columns; ++x) {
            const double u = static_cast<double>(x - shape.columns / 2) / static_cast<double>(shape.columns);
            const double v = static_cast<double>(y - shape.rows / 2) / static_cast<double>(shape.rows);
            window.push_back(1.0 + ratio * (u * u + (dim == 2 ? v * v : 0.0)));
        }
    return window;
}

TEST_CASE("fresnel refuses parameters that make no sense and names them", "[filters][fresnel]") {
    CHECK_THROWS_AS(fresnel({.ratio = -1.0}), InvalidArgument);
    CHECK_THROWS_AS(fresnel({.ratio = kNan}), InvalidArgument);
    CHECK_THROWS_AS(fresnel({.ratio = std::numeric_limits<double>::infinity()}), InvalidArgument);
    CHECK_THROWS_WITH(fresnel({.dim = 3}), "fresnel: dim must be 1 (sinograms) or 2 (projections), not 3");
    CHECK_THROWS_AS(fresnel({.pad = -1}), InvalidArgument);
    CHECK_THROWS_AS(fresnel({.pad = 1 << 21}), InvalidArgument);
    float pixel = 1.0F;
    CHECK_THROWS_AS(fresnel({.window = contiguous_slice(reinterpret_cast<std::byte*>(&pixel), DType::f32, {1, 1})}),
                    InvalidArgument);
}

TEST_CASE("fresnel plans floating output of the input's shape only", "[filters][fresnel]") {
    const Fresnel filter = fresnel({});
    const FilterPlan plan = filter.plan({{31, 40}, DType::u16}, DType::f32);
    CHECK(plan.output == SliceSpec{{31, 40}, DType::f32});
    CHECK_FALSE(plan.in_place);
    CHECK(plan.scratch_bytes > 0);
    CHECK(filter.plan({{31, 40}, DType::f32}, DType::f32).in_place);
    CHECK_THROWS_WITH(filter.plan({{31, 40}, DType::u16}, DType::u16),
                      "fresnel: the output must be float32 or float64, not uint16");

    std::vector<double> window(6, 1.0);
    const Fresnel windowed = fresnel({.window = slice_of(window, {2, 3})});
    CHECK_NOTHROW(windowed.plan({{2, 3}, DType::f32}, DType::f32));
    CHECK_THROWS_WITH(windowed.plan({{3, 2}, DType::f32}, DType::f32),
                      "fresnel: the window has shape (2, 3), but slices have shape (3, 2)");
}

TEST_CASE("fresnel gives empty output for empty slices", "[filters][fresnel]") {
    for (const int dim : {1, 2})
        for (const SliceShape shape : {SliceShape{0, 5}, SliceShape{5, 0}, SliceShape{0, 0}}) {
            CHECK(fresnel({.dim = dim}).plan({shape, DType::f32}, DType::f32).output.shape == shape);
            CHECK(apply({.dim = dim}, {}, shape).empty());
        }
}

TEST_CASE("fresnel leaves constant slices, and all slices for ratio 0, as they are", "[filters][fresnel]") {
    for (const int dim : {1, 2})
        for (const int pad : {0, 7, 150})
            for (const bool apply_log : {true, false}) {
                const SliceShape shape{19, 23};
                const std::vector<double> flat(static_cast<std::size_t>(shape.count()), 0.7);
                const FresnelParameters strong{.ratio = 1000.0, .dim = dim, .pad = pad, .apply_log = apply_log};
                CHECK(worst_difference(apply(strong, flat, shape), flat) < 1e-14);
                const std::vector<double> pixels = random_pixels(shape.count(), 3);
                const FresnelParameters none{.ratio = 0.0, .dim = dim, .pad = pad, .apply_log = apply_log};
                CHECK(worst_difference(apply(none, pixels, shape), pixels) < 1e-14);
            }
}

TEST_CASE("fresnel of any width equals the general path with the default window given", "[filters][fresnel]") {
    // A given window is always applied at the padded length; without one, most of these widths take another way.
    const unsigned seed = 20240611;
    std::mt19937 random(seed);
    for (int i = 0; i < 40; ++i) {
        const SliceShape shape{std::uniform_int_distribution<std::int64_t>(1, 35)(random),
                               std::uniform_int_distribution<std::int64_t>(1, 300)(random)};
        FresnelParameters parameters{.ratio = 50.0, .dim = 1 + i % 2, .pad = i % 3 == 0 ? 0 : 11 * i};
        INFO("seed " << seed << " shape " << to_string(shape) << " dim " << parameters.dim << " pad "
                     << parameters.pad);
        const std::vector<double> pixels = random_pixels(shape.count(), static_cast<unsigned>(random()));
        const std::vector<double> result = apply(parameters, pixels, shape);
        std::vector<double> window = default_window(parameters.ratio, parameters.dim, shape);
        parameters.window = slice_of(window, shape);
        CHECK(worst_difference(result, apply(parameters, pixels, shape)) < 2e-14);
    }
}

TEST_CASE("pixels without a finite logarithm make their row NaN and leave the others", "[filters][fresnel]") {
    const SliceShape shape{40, 33};
    const std::vector<double> pixels = random_pixels(shape.count(), 5);
    const std::vector<double> clean = apply({}, pixels, shape);
    for (const double bad : {0.0, -1.0, kNan, std::numeric_limits<double>::infinity()}) {
        std::vector<double> spoilt = pixels;
        spoilt[17 * 33 + 32] = bad;
        const std::vector<double> result = apply({}, spoilt, shape);
        for (std::int64_t y = 0; y < shape.rows; ++y)
            for (std::int64_t x = 0; x < shape.columns; ++x) {
                const std::size_t i = static_cast<std::size_t>(y * shape.columns + x);
                if (y == 17)
                    CHECK(std::isnan(result[i]));
                else
                    CHECK(are_close(result[i], clean[i], 1e-13));
            }
        for (const double value : apply({.dim = 2}, spoilt, shape)) CHECK(std::isnan(value));
    }
    std::vector<double> negative = pixels;
    for (double& pixel : negative) pixel = -pixel;
    for (const double value : apply({.apply_log = false}, negative, shape)) CHECK(value < 0.0);
}

TEST_CASE("rows of very different magnitude do not disturb each other", "[filters][fresnel]") {
    const SliceShape shape{2, 61};
    std::vector<double> pixels = random_pixels(shape.count(), 7);
    const std::vector<double> alike = apply({.apply_log = false}, pixels, shape);
    for (std::size_t i = 0; i < 61; ++i) pixels[i] *= 0x1p80;
    const std::vector<double> unlike = apply({.apply_log = false}, pixels, shape);
    for (std::size_t i = 0; i < 61; ++i) CHECK(are_close(unlike[i], alike[i] * 0x1p80, 1e-13));
    for (std::size_t i = 61; i < 122; ++i) CHECK(are_close(unlike[i], alike[i], 1e-13));
}

TEST_CASE("large results of exp are as the C library has them", "[filters][fresnel]") {
    const std::vector<double> pixels(20, 1e307);
    for (const double value : apply({}, pixels, {2, 10})) CHECK(are_close(value, 1e307, 1e-10));
}

TEST_CASE("fresnel gives the same bits for any strides, in place, and on every call", "[filters][fresnel]") {
    for (const int dim : {1, 2}) {
        const SliceShape shape{18, 29};
        const std::vector<double> pixels = random_pixels(shape.count(), 9);
        const std::vector<double> expected = apply({.dim = dim}, pixels, shape);
        const auto kernel = fresnel({.dim = dim}).prepare({shape, DType::f64}, DType::f64);

        // Transposed and with every second place empty.
        std::vector<double> input(pixels.size() * 2, kNan), output(pixels.size() * 2, -7.0);
        for (std::int64_t y = 0; y < shape.rows; ++y)
            for (std::int64_t x = 0; x < shape.columns; ++x)
                input[static_cast<std::size_t>(2 * (x * shape.rows + y))] =
                    pixels[static_cast<std::size_t>(y * shape.columns + x)];
        const auto transposed = [&](std::vector<double>& memory) {
            return Slice{reinterpret_cast<std::byte*>(memory.data()), DType::f64, shape, 16, 16 * shape.rows};
        };
        kernel->apply(transposed(input), transposed(output));
        bool same = true;
        for (std::int64_t y = 0; y < shape.rows; ++y)
            for (std::int64_t x = 0; x < shape.columns; ++x) {
                const auto at = static_cast<std::size_t>(2 * (x * shape.rows + y));
                same = same && output[at] == expected[static_cast<std::size_t>(y * shape.columns + x)] &&
                       output[at + 1] == -7.0;
            }
        CHECK(same);

        std::vector<double> in_place = pixels;
        kernel->apply(slice_of(in_place, shape), slice_of(in_place, shape));
        CHECK(in_place == expected);
    }
}

}  // namespace
}  // namespace slicepool::filters
