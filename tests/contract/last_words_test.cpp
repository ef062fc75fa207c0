// What a worker wrote to standard error is shown with the exception that followed: in processes; threads write to the
// host's standard error, which is nobody's to read.

#include <stdexcept>
#include <string>

#include <unistd.h>

#include <slicepool/core/current_slice.hpp>

#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

void say(const std::string& line) { static_cast<void>(write(STDERR_FILENO, (line + "\n").data(), line.size() + 1)); }

/// What the report is to show of `words`.
std::string as_shown(Backend backend, const std::string& words) { return backend == Backend::processes ? words : ""; }

}  // namespace

TEST_CASE("the lines a worker wrote before its slice failed with an exception are shown with it", "[contract][words]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 2);
    const auto input = numbered_volume<float>({9, 5, 9});
    const auto output = constant_volume<float>({9, 5, 9}, 0);
    const Report report = process_slices(input, output,
                                         [](SliceView<const float> in, SliceView<float> out) {
                                             if (current_slice() == 3) {
                                                 say("dark field of run 12");
                                                 say("its mean is 0");
                                                 throw std::runtime_error("cannot divide");
                                             }
                                             out = in;
                                         },
                                         {.axis = axis, .n_jobs = 2, .backend = backend});
    REQUIRE(report.failures().size() == 1);
    CHECK(report.failures()[0].index == 3);
    CHECK(report.failures()[0].causes.at(0).text == "cannot divide");
    CHECK(report.failures()[0].causes.at(0).stderr_tail == as_shown(backend, "dark field of run 12\nits mean is 0"));
}

TEST_CASE("the lines a worker wrote before its call failed are shown with it", "[contract][words]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto outcome = try_parallel(
        [](int i) {
            if (i != 70) return i;
            say("seventy is too much");
            throw std::runtime_error("out of range");
        },
        range(100), {.n_jobs = 2, .backend = backend});
    REQUIRE(outcome.report.failures().size() == 1);
    CHECK(outcome.report.failures()[0].index == 70);
    CHECK(outcome.report.failures()[0].causes.at(0).stderr_tail == as_shown(backend, "seventy is too much"));
}

TEST_CASE("the lines a worker wrote before its block failed are shown with each slice of it", "[contract][words]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({9, 5, 4});
    const auto output = constant_volume<float>({9, 5, 4}, 0);
    const Report report = process_blocks(inputs(input), outputs(output),
                                         [](SliceStack<const float> in, SliceStack<float> out) {
                                             if (in[0](0, 0) == pixel_at<float>(3, 0, 0)) {
                                                 say("the second block");
                                                 throw std::runtime_error("no");
                                             }
                                             for (std::int64_t i = 0; i < out.size(); ++i) out[i] = in[i];
                                         },
                                         {.size = 3}, {.n_jobs = 2, .backend = backend});
    REQUIRE(report.failures().size() == 3);
    for (const SliceOutcome& slice : report.failures())
        CHECK(slice.causes.at(0).stderr_tail == as_shown(backend, "the second block"));
}

TEST_CASE("a failure is shown without the lines of the failure before it", "[contract][words]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 1, .backend = backend});
    const auto input = numbered_volume<float>({2, 5, 4});
    const auto output = constant_volume<float>({2, 5, 4}, 0);
    for (const char* const line : {"first", "second"}) {
        const Report report =
            pool.process_slices(input, output, [line](SliceView<const float> in, SliceView<float> out) {
                if (current_slice() == 1) {
                    say(line);
                    throw std::runtime_error("no");
                }
                out = in;
            });
        REQUIRE(report.failures().size() == 1);
        CHECK(report.failures()[0].causes.at(0).stderr_tail == as_shown(backend, line));
    }
}
