// What a worker process may not touch.

#include <csignal>
#include <cstdint>

#include "support/every_backend.hpp"
#include "support/leaves_nothing.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace slicepool::test;

TEST_CASE("writing to the input is a crash, and the input stays as it was", "[crash][isolation]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run that writes to its input");
    const bool on_pool = GENERATE(false, true);
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto output = constant_volume<float>({4, 5, 6}, 0);
    const auto scribble = [](SliceView<const float> in, SliceView<float> out) {
        *const_cast<float*>(in.data()) = 1e9F;
        out = in;
    };
    Report report;
    if (on_pool) {
        Pool pool({.n_jobs = 2});
        report = pool.process_slices(input, output, scribble, {.max_attempts = 1});
    } else {
        report = process_slices(input, output, scribble, {.n_jobs = 2, .max_attempts = 1});
    }
    CHECK(report.count(SliceStatus::crashed) == 4);
    CHECK(report.failures().at(0).causes.at(0).signal == SIGSEGV);
    CHECK(differing_pixels(input, numbered_volume<float>({4, 5, 6})) == 0);
}

TEST_CASE("writing to a volume that is not the run's output is a crash", "[crash][isolation]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run that writes to another volume");
    const auto bystander = constant_volume<float>({4, 5, 6}, 3);
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto output = constant_volume<float>({4, 5, 6}, 0);
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             bystander(0, 0, 0) = 1;
                                             out = in;
                                         },
                                         {.n_jobs = 2, .max_attempts = 1});
    CHECK(report.count(SliceStatus::crashed) == 4);
    CHECK(bystander(0, 0, 0) == 3.0F);
}

TEST_CASE("an output of an earlier run on the same pool is out of reach of the next", "[crash][isolation][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run that writes to an earlier output");
    Pool pool({.n_jobs = 1});
    const auto input = numbered_volume<float>({4, 5, 6});
    const auto first = constant_volume<float>({4, 5, 6}, 0);
    const auto second = constant_volume<float>({4, 5, 6}, 0);
    pool.process_slices(input, first, [](SliceView<const float> in, SliceView<float> out) { out = in; }).raise();
    float* const reach = first.data();
    const Report report = pool.process_slices(input, second,
                                              [reach](SliceView<const float> in, SliceView<float> out) {
                                                  *reach = 1e9F;
                                                  out = in;
                                              },
                                              {.max_attempts = 1});
    CHECK(report.count(SliceStatus::crashed) == 4);
    CHECK(first(0, 0, 0) == input(0, 0, 0));
}
