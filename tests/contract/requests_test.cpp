// Requests that cannot run: a clear error that names the thing, before any slice runs.

#include <slicepool/filters/gaussian.hpp>

#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

const auto kCopy = [](SliceView<const float> in, SliceView<float> out) { out = in; };

/// Runs and returns the message of the InvalidArgument, or "" when there was none.
template <class Input, class Output, class Function>
std::string refusal(const Input& input, const Output& output, const Function& function, const Options& options) {
    try {
        process_slices(input, output, function, options);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("bad options are refused by name and value before any slice runs", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto output = constant_volume<float>({4, 5, 6}, -1.0F);
    Options options{.backend = backend};
    std::string expected;
    SECTION("axis 3") {
        options.axis = 3;
        expected = "axis 3 is out of range";
    }
    SECTION("axis -4") {
        options.axis = -4;
        expected = "axis -4 is out of range";
    }
    SECTION("n_jobs 0") {
        options.n_jobs = 0;
        expected = "n_jobs 0";
    }
    SECTION("no attempt") {
        options.max_attempts = 0;
        expected = "max_attempts 0";
    }
    SECTION("a time limit in the past") {
        options.slice_timeout = std::chrono::seconds(-1);
        expected = "slice_timeout -1";
    }
    SECTION("a step of 0") {
        options.slice_step = 0;
        expected = "slice step 0";
    }

    CHECK(refusal(input, output, kCopy, options).find(expected) == 0);
    CHECK(differing_pixels(output, constant_volume<float>({4, 5, 6}, -1.0F)) == 0);
}

TEST_CASE("an output of the wrong shape or type is refused with both of each", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto gaussian = filters::gaussian({.sigma = {1, 1}});
    const Options options{.backend = backend};
    CHECK(refusal(input, constant_volume<float>({3, 5, 6}, 0), gaussian, options) ==
          "input (4, 5, 6) and output (3, 5, 6) differ in their number of slices along axis 0");
    CHECK(refusal(input, constant_volume<float>({4, 5, 7}, 0), gaussian, options) ==
          "the filter produces slices (5, 6) of float32, but the output volume has slices (5, 7) of float32");
    CHECK(refusal(input, constant_volume<std::uint8_t>({4, 5, 6}, 0), gaussian, options) != "");
}

TEST_CASE(
    "an input that shares pixels with the output is refused in worker processes, and elsewhere unless the filter can",
    "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto volume = numbered_volume<float>({4, 5, 6});
    const auto copy = numbered_volume<float>({4, 5, 6});
    const auto expected = constant_volume<float>({4, 5, 6}, 0);
    const auto gaussian = filters::gaussian({.sigma = {1, 1}});
    const Options options{.n_jobs = 2, .backend = backend};
    CHECK(refusal(volume, volume, kCopy, options).find("input and output share pixels") == 0);
    if (backend == Backend::processes) {
        CHECK(refusal(volume, volume, gaussian, options).find("input and output share pixels") == 0);
    } else if (gaussian.plan({{5, 6}, DType::f32}, DType::f32).in_place) {
        process_slices(copy, expected, gaussian, {.backend = Backend::serial}).raise();
        process_slices(volume, volume, gaussian, options).raise();
        CHECK(differing_pixels(volume, expected) == 0);
    }
}

TEST_CASE("a default-constructed volume is refused", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    CHECK(refusal(Volume<float>(), constant_volume<float>({1, 1, 1}, 0), kCopy, {.backend = backend}) != "");
    CHECK(refusal(constant_volume<float>({1, 1, 1}, 0), Volume<float>(), kCopy, {.backend = backend}) != "");
}

TEST_CASE("fill copy_input needs slices of one shape", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    CHECK(refusal(numbered_volume<float>({4, 5, 6}), constant_volume<float>({4, 5, 7}, 0), kCopy,
                  {.backend = backend, .fill = Fill::copy_input()})
              .find("fill copy_input needs slices of one shape") == 0);
}

TEST_CASE("a volume no machine can hold is refused when it is made, with the sizes", "[contract]") {
    try {
        static_cast<void>(Volume<float>::create({100'000, 100'000, 1000}));
        FAIL("nothing was thrown");
    } catch (const SystemError& error) {
        CHECK(error.code() == std::errc::not_enough_memory);
        CHECK(std::string(error.what()).find("40000.00 GB") != std::string::npos);
    }
}

TEST_CASE("a run without slices is a good run", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Shape shape = GENERATE(Shape{0, 5, 6}, Shape{0, 0, 0});
    const Report report =
        process_slices(Volume<float>::create(shape), Volume<float>::create(shape), kCopy, {.backend = backend});
    CHECK(report.ok());
    CHECK(report.slices.empty());
}

TEST_CASE("empty slices are slices too", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1);
    const Shape shape{3, 4, 0};
    const Report report = process_slices(Volume<float>::create(shape), Volume<float>::create(shape), kCopy,
                                         {.axis = axis, .n_jobs = 2, .backend = backend});
    CHECK(report.ok());
    CHECK(report.slices.size() == static_cast<std::size_t>(shape[axis]));
}

TEST_CASE("there are never more workers than slices, and negative n_jobs count from the cores", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const auto input = numbered_volume<float>({3, 5, 7});
    const auto output = constant_volume<float>({3, 5, 7}, 0);
    CHECK(process_slices(input, output, kCopy, {.n_jobs = 8, .backend = backend}).worker_count == 3);
    CHECK(process_slices(input, output, kCopy, {.n_jobs = 2, .backend = backend}).worker_count == 2);
    CHECK(process_slices(input, output, kCopy, {.n_jobs = -1000, .backend = backend}).worker_count == 1);
}
