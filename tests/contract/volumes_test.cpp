// Several volumes per slice: inputs alike, broadcast or whole, outputs of any shape and type, rows of tables.

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include <signal.h>

#include <slicepool/core/current_slice.hpp>

#include "support/every_backend.hpp"
#include "support/shared_counters.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

const Shape kShape{9, 5, 40};

struct Statistics {
    double mean = -1;
    std::int32_t index = -1;
};

/// The message of the InvalidArgument, or "" when there was none.
template <class Run>
std::string refusal(Run&& run) {
    try {
        run();
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "";
}

template <PixelType T>
Volume<T> image_of(SliceShape shape, T value) {
    return constant_volume<T>({1, shape.rows, shape.columns}, value);
}

}  // namespace

TEST_CASE("a function gets the slices of several inputs and writes those of several outputs, along every axis",
          "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const auto projections = numbered_volume<std::uint16_t>(kShape);
    const auto mask = numbered_volume<std::uint8_t>(kShape);
    const SliceShape slice = slice_shape(kShape, axis);
    const auto flat = image_of<float>(slice, 4.0F);
    const auto reference = numbered_volume<double>({2, 3, 4});
    const auto corrected = constant_volume<float>(kShape, 0);
    // Of another type, and with slices of another shape: one pixel each.
    Shape small{1, 1, 1};
    (axis == 0 ? small.depth : axis == 1 ? small.height : small.width) = kShape[axis];
    const auto sums = constant_volume<double>(small, 0);
    const auto means = Table<double>::create(kShape[axis]);

    const Report report =
        process_slices(inputs(projections, mask, broadcast(flat), whole(reference)), outputs(corrected, sums, means),
                       [](SliceView<const std::uint16_t> p, SliceView<const std::uint8_t> m, SliceView<const float> f,
                          SliceStack<const double> r, SliceView<float> out, SliceView<double> sum, double& mean) {
                           out = p.cast<float>() / f + m.cast<float>();
                           sum(0, 0) = p.cast<double>().sum() + r[r.size() - 1](0, 0);
                           mean = p.cast<double>().mean();
                       },
                       {.axis = axis, .n_jobs = 3, .backend = backend});

    REQUIRE(report.ok());
    const auto last = reference.slice(axis, reference.shape()[axis] - 1);
    for (std::int64_t index = 0; index < kShape[axis]; ++index) {
        const auto p = projections.slice(axis, index);
        CHECK((corrected.slice(axis, index) == p.cast<float>() / 4.0F + mask.slice(axis, index).cast<float>()).all());
        CHECK(sums.slice(axis, index)(0, 0) == p.cast<double>().sum() + last(0, 0));
        CHECK(means[index] == p.cast<double>().mean());
    }
}

TEST_CASE("volumes with close and with distant slices go together along x", "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto close = numbered_volume<std::uint8_t>({5, 7, 131});
    const auto distant = numbered_volume<double>({5, 7, 131}, Layout::contiguous_slices(2));
    const auto bytes = constant_volume<std::uint8_t>({5, 7, 131}, 0);
    const auto pages = Volume<double>::create({5, 7, 131}, Layout::contiguous_slices(2));
    process_slices(
        inputs(close, distant), outputs(bytes, pages),
        [](SliceView<const std::uint8_t> c, SliceView<const double> d, SliceView<std::uint8_t> b, SliceView<double> p) {
            b = c + std::uint8_t{1};
            p = d + c.cast<double>();
        },
        {.axis = 2, .n_jobs = 3, .backend = backend})
        .raise();
    for (std::int64_t index = 0; index < 131; ++index) {
        const auto c = close.slice(2, index);
        CHECK((bytes.slice(2, index) == c + std::uint8_t{1}).all());
        CHECK((pages.slice(2, index) == distant.slice(2, index) + c.cast<double>()).all());
    }
}

TEST_CASE("a table has a row for each slice of the selection, and other slices' outputs stay as they are",
          "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 2);
    const auto input = numbered_volume<float>({11, 5, 11});
    const auto output = constant_volume<float>(input.shape(), -1);
    const auto table = Table<Statistics>::create(3);
    process_slices(inputs(input), outputs(table, output),
                   [](SliceView<const float> in, Statistics& row, SliceView<float> out) {
                       out = in;
                       row = {in.cast<double>().mean(), static_cast<std::int32_t>(current_slice())};
                   },
                   {.axis = axis, .n_jobs = 2, .backend = backend, .first_slice = 2, .last_slice = 9, .slice_step = 3})
        .raise();
    for (std::int64_t position = 0; position < 3; ++position) {
        const std::int64_t index = 2 + 3 * position;
        CHECK(table[position].index == index);
        CHECK(table[position].mean == input.slice(axis, index).cast<double>().mean());
        CHECK((output.slice(axis, index) == input.slice(axis, index)).all());
        CHECK((output.slice(axis, index + 1) == -1.0F).all());
    }
}

TEST_CASE("a slice that fails leaves its outputs filled and its rows missing, and costs no other slice",
          "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 2);
    const auto input = numbered_volume<float>({9, 5, 9});
    const auto floats = constant_volume<float>(input.shape(), 7);
    const auto bytes = constant_volume<std::uint8_t>(input.shape(), 7);
    const auto numbers = Table<std::array<double, 2>>::create(9);
    const auto structs = Table<Statistics>::create(9);
    const auto named = Table<std::int32_t>::create(9, -77);
    for (std::int64_t row = 0; row < 9; ++row) numbers[row] = {5, 5};  // from an earlier run

    const Report report = process_slices(inputs(input), outputs(floats, bytes, numbers, structs, named),
                                         [](SliceView<const float> in, SliceView<float> f, SliceView<std::uint8_t> b,
                                            std::array<double, 2>& n, Statistics& s, std::int32_t& i) {
                                             const bool begins_missing = std::isnan(n[0]) && s.mean == -1 && i == -77;
                                             f = in;
                                             b.setConstant(1);
                                             n = {begins_missing ? 1.0 : -1.0, 2};
                                             s = {1, 1};
                                             i = 1;
                                             if (current_slice() == 4) throw std::runtime_error("four");
                                         },
                                         {.axis = axis, .n_jobs = 2, .backend = backend});

    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 4);
    CHECK(floats.slice(axis, 4).isNaN().all());
    CHECK((bytes.slice(axis, 4) == 0).all());
    CHECK(std::isnan(numbers[4][0]));
    CHECK(std::isnan(numbers[4][1]));
    CHECK(structs[4].mean == -1);
    CHECK(named[4] == -77);
    for (const std::int64_t index : {0, 3, 5, 8}) {
        CHECK((floats.slice(axis, index) == input.slice(axis, index)).all());
        CHECK((bytes.slice(axis, index) == 1).all());
        CHECK(numbers[index] == std::array<double, 2>{1, 2});
        CHECK(structs[index].index == 1);
        CHECK(named[index] == 1);
    }
}

TEST_CASE("fill copy_input needs one output volume and a sliced input", "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto a = constant_volume<float>({4, 5, 6}, 0);
    const auto b = constant_volume<float>({4, 5, 6}, 0);
    const auto table = Table<double>::create(4);
    const Options options{.n_jobs = 2, .backend = backend, .fill = Fill::copy_input()};
    CHECK(refusal([&] {
              process_slices(
                  inputs(input), outputs(a, b), [](auto, auto, auto) {}, options);
          }) == "fill copy_input copies the slices of input 0 to the one output volume: here are 2 output volumes");
    CHECK(refusal([&] {
              process_slices(
                  inputs(whole(input)), outputs(a), [](auto, auto) {}, options);
          }) == "fill copy_input copies the slices of input 0 to the one output volume: here input 0 is not sliced");
    process_slices(
        inputs(input), outputs(a, table), [](auto, auto, double&) { throw std::runtime_error("no"); }, options);
    CHECK(differing_pixels(a, input) == 0);
    CHECK(std::isnan(table[3]));
}

TEST_CASE("NaN in any floating output fails its slice, and the failure names the output", "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto a = constant_volume<float>({4, 5, 6}, 0);
    const auto b = constant_volume<double>({4, 5, 6}, 0);
    const auto table = Table<double>::create(4);
    const Report report =
        process_slices(inputs(input), outputs(a, b, table),
                       [](SliceView<const float> in, SliceView<float> x, SliceView<double> y, double& row) {
                           x = in;
                           y = in.cast<double>();
                           row = std::numeric_limits<double>::quiet_NaN();  // a row may say what it likes
                           if (current_slice() == 2) y(3, 1) = std::numeric_limits<double>::quiet_NaN();
                       },
                       {.n_jobs = 2, .backend = backend, .non_finite = NonFinite::fail});
    REQUIRE(report.failures().size() == 1);
    CHECK(describe(report.failures()[0].causes.at(0)) == "failed(output 1 pixel (3, 1) is nan)");
    CHECK(a.slice(0, 2).isNaN().all());
    CHECK((a.slice(0, 1) == input.slice(0, 1)).all());
}

TEST_CASE("volumes that do not fit together are refused by number and shape before any slice runs",
          "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto output = constant_volume<float>({4, 5, 6}, -1);
    const Options options{.n_jobs = 2, .backend = backend};
    const auto nothing = [](auto&&...) {};
    const auto refused = [&](const auto& in, const auto& out, Options with = {}) {
        with.n_jobs = 2;
        with.backend = backend;
        return refusal([&] { process_slices(in, out, nothing, with); });
    };
    CHECK(refused(inputs(input, numbered_volume<float>({3, 5, 6})), outputs(output)) ==
          "input 0 (4, 5, 6) and input 1 (3, 5, 6) differ in their number of slices along axis 0");
    CHECK(refused(inputs(input), outputs(output, constant_volume<float>({7, 1, 1}, 0))) ==
          "input (4, 5, 6) and output 1 (7, 1, 1) differ in their number of slices along axis 0");
    CHECK(refused(inputs(input, numbered_volume<float>({4, 5, 7})), outputs(output)) ==
          "input 1 has slices (5, 7), but input 0 has slices (5, 6): where that is meant, there is any_shape()");
    CHECK(refused(inputs(input, any_shape(numbered_volume<float>({4, 5, 7}))), outputs(output)) == "");
    CHECK(refused(inputs(input, broadcast(image_of<float>({6, 5}, 1))), outputs(output)) ==
          "input 1 has an image (6, 5), but input 0 has slices (5, 6): where that is meant, there is whole()");
    CHECK(refused(inputs(input, broadcast(input)), outputs(output)) ==
          "input 1 (4, 5, 6) is no image to broadcast: one extent has to be 1. For all of its slices at once there is "
          "whole()");
    CHECK(refused(inputs(input), outputs(Table<double>::create(4)), {.first_slice = 1}) ==
          "output is a table of 4 rows, but the selection has 3 slices: a row for each");
    CHECK(refused(inputs(whole(input)), outputs(Table<double>::create(4))) ==
          "nothing is sliced: every input is broadcast or whole, and every output a table");
    CHECK(refused(inputs(input, Volume<float>()), outputs(output)) ==
          "the input 1 is empty-handed: create, adopt or open a volume first");
    CHECK(refused(inputs(input), outputs(output, Table<double>())).find("the output 1 is empty-handed") == 0);
    CHECK(differing_pixels(output, constant_volume<float>({4, 5, 6}, -1)) == 0);
}

TEST_CASE("an output that shares pixels with any input or another output is refused", "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto both = constant_volume<float>({8, 5, 6}, 0);
    const auto front = both.view({0, 4}, {}, {});
    const auto middle = both.view({2, 6}, {}, {});
    const auto back = both.view({4, 8}, {}, {});
    const auto table = Table<double>::create(4);
    const auto refused = [&](const auto& in, const auto& out) {
        return refusal([&] { process_slices(in, out, [](auto&&...) {}, {.n_jobs = 2, .backend = backend}); });
    };
    CHECK(refused(inputs(input, whole(front)), outputs(back, middle)).find("input 1 and output 1 share pixels") == 0);
    CHECK(refused(inputs(input), outputs(front, middle)).find("output 0 and output 1 share pixels") == 0);
    CHECK(refused(inputs(input), outputs(table, table)).find("output 0 and output 1 share pixels") == 0);
    CHECK(refused(inputs(input), outputs(input, front)).find("input and output 0 share pixels") == 0);
    CHECK(refused(inputs(front), outputs(back)) == "");
    CHECK(refused(inputs(input), outputs(front, back)) == "");
}

TEST_CASE("a pool takes functions of several volumes that are younger than its workers", "[contract][volumes][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    for (int axis = 0; axis < 3; ++axis) {
        const auto a = numbered_volume<float>(kShape);
        const auto b = numbered_volume<std::int32_t>(kShape);
        const auto sum = constant_volume<double>(kShape, 0);
        const auto difference = constant_volume<float>(kShape, 0);
        const auto maxima = Table<float>::create(kShape[axis]);
        const auto factor = static_cast<float>(axis + 2);
        pool.process_slices(inputs(a, b), outputs(sum, difference, maxima),
                            [factor](SliceView<const float> x, SliceView<const std::int32_t> y, SliceView<double> s,
                                     SliceView<float> d, float& maximum) {
                                s = factor * x.cast<double>() + y.cast<double>();
                                d = x - 3 * y.cast<float>();
                                maximum = x.maxCoeff();
                            },
                            {.axis = axis})
            .raise();
        for (std::int64_t index = 0; index < kShape[axis]; ++index) {
            const auto x = a.slice(axis, index);
            const auto y = b.slice(axis, index);
            CHECK((sum.slice(axis, index) == factor * x.cast<double>() + y.cast<double>()).all());
            CHECK((difference.slice(axis, index) == x - 3 * y.cast<float>()).all());
            CHECK(maxima[index] == x.maxCoeff());
        }
    }
}

TEST_CASE("copied bytes and tiles of all volumes are in the report", "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const std::vector<float> own(6 * 7 * 64, 1.0F);
    const auto a = Volume<float>::adopt(own.data(), {6, 7, 64});
    const auto b = Volume<float>::adopt(own.data(), {6, 7, 64});
    const auto x = Volume<float>::create({6, 7, 64});
    const auto y = Volume<float>::create({6, 7, 64});
    const Report report = process_slices(inputs(a, b), outputs(x, y),
                                         [](auto p, auto q, auto r, auto s) {
                                             r = p;
                                             s = q;
                                         },
                                         {.axis = 2, .n_jobs = 2, .backend = backend});
    CHECK(report.copied_bytes == 2 * own.size() * sizeof(float));
    CHECK(report.scratch_bytes_per_worker >= 4 * 16 * 6 * 7 * sizeof(float));
}

TEST_CASE("small slices of one volume do not bring large ones of another into tiles", "[contract][volumes]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto large = numbered_volume<float>({6, 50, 50});
    const auto pixels = constant_volume<float>({6, 1, 1}, 0);
    const Report report =
        process_slices(inputs(large), outputs(pixels), [](auto in, auto out) { out(0, 0) = in(1, 2); },
                       {.n_jobs = 6, .backend = backend});
    CHECK(report.scratch_bytes_per_worker == 0);
    CHECK((backend == Backend::serial || report.worker_count == 6));  // a task for each
    CHECK(pixels(5, 0, 0) == large(5, 1, 2));
}

// The thread sanitizer has no working runtime in a forked process.
#if !defined(__SANITIZE_THREAD__)

TEST_CASE("a crash costs all outputs of its slice, and none when the next attempt succeeds",
          "[contract][volumes][crash]") {
    const int axis = GENERATE(0, 2);
    const SharedCounters crashes(1);
    const auto input = numbered_volume<float>({9, 5, 9});
    const auto a = constant_volume<float>(input.shape(), 0);
    const auto b = constant_volume<double>(input.shape(), 0);
    const auto table = Table<double>::create(9);
    const Report report =
        process_slices(inputs(input), outputs(a, b, table),
                       [&crashes](SliceView<const float> in, SliceView<float> x, SliceView<double> y, double& row) {
                           x = in;
                           row = in.cast<double>().sum();
                           if (current_slice() == 5 || (current_slice() == 4 && crashes[0]++ == 0)) raise(SIGKILL);
                           y = 2 * in.cast<double>();
                       },
                       {.axis = axis, .n_jobs = 2, .backend = Backend::processes, .max_attempts = 2});
    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 5);
    CHECK(report.failures()[0].attempts == 2);
    CHECK(report.slices[4].attempts == 2);
    CHECK(a.slice(axis, 5).isNaN().all());
    CHECK(b.slice(axis, 5).isNaN().all());
    CHECK(std::isnan(table[5]));
    for (const std::int64_t index : {0, 4, 6, 8}) {
        CHECK((a.slice(axis, index) == input.slice(axis, index)).all());
        CHECK((b.slice(axis, index) == 2 * input.slice(axis, index).cast<double>()).all());
        CHECK(table[index] == input.slice(axis, index).cast<double>().sum());
    }
}

TEST_CASE("a worker can write neither an input nor, of guarded outputs, another slice", "[contract][volumes][crash]") {
    const Shape pages{6, 32, 32};  // a slice is one page of float32
    const auto input = numbered_volume<float>(pages);
    const auto flat = image_of<float>({32, 32}, 1.0F);
    const auto a = constant_volume<float>(pages, 0);
    const auto b = constant_volume<float>(pages, 0);
    const auto small = constant_volume<float>({6, 1, 3}, 0);  // cannot be guarded
    float* target = nullptr;
    SECTION("the image that is broadcast") { target = flat.data(); }
    SECTION("another slice of output 0") { target = a.data(); }
    SECTION("another slice of output 1") { target = b.data() + 5 * 32 * 32; }
    const Report report =
        process_slices(inputs(input, broadcast(flat)), outputs(a, b, small),
                       [target](auto in, auto f, auto x, auto y, auto z) {
                           x = in * f;
                           y = in + f;
                           z.setConstant(in(0, 0));
                           if (current_slice() == 3) *target = -99.0F;
                       },
                       {.n_jobs = 2, .backend = Backend::processes, .max_attempts = 2, .guard_output = true});
    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 3);
    CHECK(report.failures()[0].causes.at(0).signal == SIGSEGV);
    CHECK(*target != -99.0F);
    CHECK((b.slice(0, 5) == input.slice(0, 5) + 1.0F).all());
    CHECK((small.slice(0, 5) == input(5, 0, 0)).all());
    CHECK(small.slice(0, 3).isNaN().all());
}

#endif
