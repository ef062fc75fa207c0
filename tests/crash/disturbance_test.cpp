// What a function leaves behind without failing: a changed environment, a running thread, pixels that are no numbers.
// The slices that follow must not show it.

#include <atomic>
#include <cfenv>
#include <chrono>
#include <clocale>
#include <cmath>
#include <csignal>
#include <limits>
#include <string>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

/// Rounds, and has denormal results where the input is small: shows the rounding mode and whether denormals are kept.
void divide_by_three(SliceView<const float> in, SliceView<float> out) {
    for (Eigen::Index row = 0; row < in.rows(); ++row)
        for (Eigen::Index column = 0; column < in.cols(); ++column)
            out(row, column) = (row % 2 == 0 ? in(row, column) : in(row, column) * 1e-41F) / 3.0F;
}

const auto divide = [](SliceView<const float> in, SliceView<float> out) { divide_by_three(in, out); };

void disturb_arithmetic() {
    std::fesetround(FE_UPWARD);
#if defined(__SSE2__)
    _mm_setcsr(_mm_getcsr() | 0x8040U);  // flush denormals to zero, and take them for zero
#endif
}

}  // namespace

TEST_CASE("a changed rounding mode and flushed denormals end with their slice", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({9, 6, 13});
    const auto expected = constant_volume<float>({9, 6, 13}, 0);
    const auto output = constant_volume<float>({9, 6, 13}, 0);
    process_slices(input, expected, divide, {.backend = Backend::serial}).raise();

    process_slices(input, output,
                   [](SliceView<const float> in, SliceView<float> out) {
                       divide_by_three(in, out);
                       disturb_arithmetic();
                       if (current_slice() == 2) throw std::runtime_error("and leaves by an exception");
                   },
                   {.n_jobs = 2, .backend = backend, .fill = Fill::zero()});

    CHECK(std::fegetround() == FE_TONEAREST);
#if defined(__SSE2__)
    CHECK((_mm_getcsr() & 0x8040U) == 0);
#endif
    REQUIRE(std::fpclassify(expected(1, 1, 2)) == FP_SUBNORMAL);
    for (std::int64_t index = 0; index < 9; ++index)
        if (index != 2) CHECK((output.slice(0, index) == expected.slice(0, index)).all());
}

TEST_CASE("a changed directory, umask and locale harm neither the other slices nor the host", "[crash]") {
    const LeavesNothing promise;
    Pool pool({.n_jobs = 1});
    const auto input = numbered_volume<float>({7, 6, 13});
    const auto disturb = [](SliceView<const float> in, SliceView<float> out) {
        if (chdir("/") != 0) throw std::runtime_error("chdir");
        umask(0777);
        for (const char* name : {"C.UTF-8", "de_DE.UTF-8"}) std::setlocale(LC_ALL, name);
        divide_by_three(in, out);
        if (current_slice() == 4) throw std::runtime_error("half of " + std::to_string(0.5));
    };
    const auto expected = constant_volume<float>({7, 6, 13}, 0);
    process_slices(input, expected, divide, {.backend = Backend::serial}).raise();
    char before[4096];
    char after[4096];
    REQUIRE(getcwd(before, sizeof before) != nullptr);
    const mode_t mask = umask(0);
    umask(mask);
    for (int round = 0; round < 2; ++round) {
        const auto output = constant_volume<float>({7, 6, 13}, 0);  // mapped anew by workers in the wrong directory
        const Report report = pool.process_slices(input, output, disturb);
        CHECK(report.count(SliceStatus::done) == 6);
        CHECK(report.deaths() == 0);
        for (const std::int64_t index : {0, 1, 2, 3, 5, 6})
            CHECK((output.slice(0, index) == expected.slice(0, index)).all());
    }
    REQUIRE(getcwd(after, sizeof after) != nullptr);
    CHECK(std::string(before) == after);
    CHECK(umask(mask) == mask);
    CHECK(std::string(std::setlocale(LC_ALL, nullptr)) == "C");
}

TEST_CASE("NaN and infinity in the output are accepted unless the options say otherwise", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 2);
    const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity());
    const auto input = numbered_volume<float>({7, 5, 11});
    const auto output = constant_volume<float>({7, 5, 11}, 0);
    const auto spoil_slice_three = [bad](SliceView<const float> in, SliceView<float> out) {
        out = in;
        if (current_slice() == 3) out(2, 1) = out(4, 0) = bad;
    };
    Options options{.axis = axis, .n_jobs = 2, .backend = backend, .fill = Fill::value(-7)};

    SECTION("accept") {
        CHECK(process_slices(input, output, spoil_slice_three, options).ok());
        CHECK_FALSE(std::isfinite(output.slice(axis, 3)(2, 1)));
        CHECK(differing_pixels(input, output) == 2);
    }
    SECTION("fail") {
        options.non_finite = NonFinite::fail;
        const Report report = process_slices(input, output, spoil_slice_three, options);
        REQUIRE(report.failures().size() == 1);
        CHECK(report.failures()[0].index == 3);
        CHECK(report.failures()[0].status == SliceStatus::failed);
        CHECK(report.failures()[0].attempts == 1);
        const std::string number = std::isnan(bad) ? "nan" : "inf";
        CHECK(report.failures()[0].causes.at(0).text == "output pixel (2, 1) is " + number);
        CHECK((output.slice(axis, 3) == -7.0F).all());
        for (std::int64_t index = 0; index < 7; ++index)
            if (index != 3) CHECK((output.slice(axis, index) == input.slice(axis, index)).all());
    }
}

TEST_CASE("a thread that a function leaves running ends with the run's workers", "[crash]") {
    const LeavesNothing promise;
    const SharedCounters turns(1);
    const MisdeedRun run;
    const Report report = run(
        [&turns](SliceView<float>) {
            std::thread([&turns] {
                while (true) {
                    ++turns[0];
                    std::this_thread::sleep_for(100us);
                }
            }).detach();
        },
        1);
    CHECK(report.ok());
    CHECK(report.deaths() == 0);
    run.check_pixels();
    const std::int64_t after_the_run = turns[0];
    std::this_thread::sleep_for(20ms);
    CHECK(turns[0] == after_the_run);
}

TEST_CASE("with guarded output a thread left running cannot write into the slice it came from", "[crash][isolation]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a thread left running");
    const SharedCounters late(1);  // 1: slice 3 started the thread, 2: slice 4 is in work
    const auto input = numbered_volume<float>({12, 32, 32});
    const auto output = constant_volume<float>({12, 32, 32}, 0);
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             out = in;
                                             if (current_slice() == 3 && late[0] == 0) {
                                                 late[0] = 1;
                                                 std::thread([&late, pixel = out.data()] {
                                                     while (late[0] < 2) std::this_thread::sleep_for(1ms);
                                                     *static_cast<volatile float*>(pixel) = -1.0F;
                                                 }).detach();
                                             }
                                             if (current_slice() == 4 && late[0] == 1) {
                                                 late[0] = 2;
                                                 while (true) std::this_thread::sleep_for(1h);
                                             }
                                         },
                                         {.n_jobs = 1, .guard_output = true});
    CHECK(report.ok());
    CHECK(report.deaths() == 1);
    CHECK(report.slices[3].attempts == 1);
    REQUIRE(report.slices[4].causes.size() == 1);  // the slice in work when the worker died
    CHECK(report.slices[4].causes[0].signal == SIGSEGV);
    CHECK(differing_pixels(input, output) == 0);
}
