// What happens when the function throws: its slice fails, the others are right, and the report says so.

#include <cmath>
#include <stdexcept>

#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

const Shape kShape{9, 5, 40};

/// Doubles, but throws for the slices whose first pixel is that of slice 2 or 5 along axis 0.
const auto kThrowsAtTwoAndFive = [](SliceView<const float> in, SliceView<float> out) {
    out.setConstant(12345.0F);  // what a torn slice looks like
    if (in(0, 0) == pixel_at<float>(2, 0, 0)) throw std::runtime_error("bad value in row 0");
    if (in(0, 0) == pixel_at<float>(5, 0, 0)) throw 5;
    out = 2 * in;
};

}  // namespace

TEST_CASE("an exception fails its slice, is not tried again, and leaves the other slices right", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);

    const Report report = process_slices(input, output, kThrowsAtTwoAndFive, {.n_jobs = 3, .backend = backend});

    CHECK_FALSE(report.ok());
    CHECK(report.count(SliceStatus::done) == 7);
    const auto failures = report.failures();
    REQUIRE(failures.size() == 2);
    CHECK(failures[0].index == 2);
    CHECK(failures[0].status == SliceStatus::failed);
    CHECK(failures[0].attempts == 1);
    CHECK(describe(failures[0].causes.at(0)) == "failed(bad value in row 0)");
    CHECK(failures[0].causes.at(0).type == "std::runtime_error");
    CHECK(failures[1].causes.at(0).type == "int");
    CHECK(failures[1].index == 5);
    CHECK(describe(failures[1].causes.at(0)) == "failed(an exception that is no std::exception)");
    for (const std::int64_t index : {0, 1, 3, 4, 6, 7, 8})
        CHECK((output.slice(0, index) == 2 * input.slice(0, index)).all());
}

TEST_CASE("raise throws the failure of lowest index, with its number and text", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);
    const Report report = process_slices(input, output, kThrowsAtTwoAndFive, {.n_jobs = 3, .backend = backend});
    try {
        report.raise();
        FAIL("nothing was thrown");
    } catch (const SliceError& error) {
        CHECK(error.outcome().index == 2);
        CHECK(std::string(error.what()) == "slice 2: failed(bad value in row 0) (after 1 attempt)");
    }
}

TEST_CASE("a slice that was not completed is filled as the options say, never left torn", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);
    Options options{.n_jobs = 2, .backend = backend};

    SECTION("NaN by default") {
        process_slices(input, output, kThrowsAtTwoAndFive, options);
        CHECK(output.slice(0, 2).isNaN().all());
    }
    SECTION("zero") {
        options.fill = Fill::zero();
        process_slices(input, output, kThrowsAtTwoAndFive, options);
        CHECK((output.slice(0, 2) == 0).all());
    }
    SECTION("a value") {
        options.fill = Fill::value(-2.5);
        process_slices(input, output, kThrowsAtTwoAndFive, options);
        CHECK((output.slice(0, 5) == -2.5F).all());
    }
    SECTION("the input") {
        options.fill = Fill::copy_input();
        process_slices(input, output, kThrowsAtTwoAndFive, options);
        CHECK((output.slice(0, 2) == input.slice(0, 2)).all());
    }
}

TEST_CASE("fills of integer outputs are rounded and saturated, and NaN is 0 there", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({2, 3, 4});
    const auto output = constant_volume<std::uint8_t>({2, 3, 4}, 9);
    const auto throws = [](SliceView<const float>, SliceView<std::uint8_t>) { throw std::runtime_error("no"); };
    Options options{.n_jobs = 2, .backend = backend};
    process_slices(input, output, throws, options);
    CHECK((output.slice(0, 0) == 0).all());
    options.fill = Fill::value(1000);
    process_slices(input, output, throws, options);
    CHECK((output.slice(0, 1) == 255).all());
    options.fill = Fill::value(2.6);
    process_slices(input, output, throws, options);
    CHECK((output.slice(0, 1) == 3).all());
}

TEST_CASE("a failing slice in a group of neighbours along x costs itself only", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({6, 7, 50});
    const auto output = constant_volume<float>({6, 7, 50}, 0);
    const auto throws_at_twenty = [](SliceView<const float> in, SliceView<float> out) {
        out.setConstant(777.0F);
        if (in(0, 0) == pixel_at<float>(0, 0, 20)) throw std::runtime_error("twenty");
        out = 2 * in;
    };

    const Report report = process_slices(input, output, throws_at_twenty, {.axis = 2, .n_jobs = 2, .backend = backend});

    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 20);
    for (std::int64_t index = 0; index < 50; ++index) {
        if (index == 20)
            CHECK(output.slice(2, index).isNaN().all());
        else
            CHECK((output.slice(2, index) == 2 * input.slice(2, index)).all());
    }
}

TEST_CASE("on_failure abort claims nothing more after the first failure, and the rest is reported as not run",
          "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({200, 3, 4});
    const auto output = constant_volume<float>({200, 3, 4}, 0);
    const auto always_throws = [](SliceView<const float>, SliceView<float>) { throw std::runtime_error("no"); };

    const Report report =
        process_slices(input, output, always_throws, {.n_jobs = 2, .backend = backend, .on_failure = OnFailure::abort});

    CHECK(report.count(SliceStatus::failed) >= 1);
    CHECK(report.count(SliceStatus::failed) <= 2);  // each of two workers may have had one
    CHECK(report.count(SliceStatus::not_run) >= 198);
    CHECK(output.slice(0, 199).isNaN().all());
}

TEST_CASE("more failures than the message board holds are all reported", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({3000, 1, 2});
    const auto output = constant_volume<float>({3000, 1, 2}, 0);
    const auto always_throws = [](SliceView<const float>, SliceView<float>) { throw std::runtime_error("no"); };
    const Report report = process_slices(input, output, always_throws, {.n_jobs = 2, .backend = backend});
    CHECK(report.failures().size() == 3000);
}
