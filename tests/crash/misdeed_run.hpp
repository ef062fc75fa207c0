// misdeed_run.hpp: one run in which one slice misbehaves, and the question whether all others came out right.
// What the misdeed is, and what the report should say about it, is each test's own.
#pragma once

#include <cstdint>

#include <slicepool/core/current_slice.hpp>

#include "support/every_backend.hpp"
#include "support/leaves_nothing.hpp"
#include "support/shared_counters.hpp"
#include "support/watchdog.hpp"

// What the sanitizers would catch before the processor does.
#define SLICEPOOL_MISDEED __attribute__((noinline, no_sanitize("address", "undefined")))

#if defined(__SANITIZE_ADDRESS__)
#define SLICEPOOL_ADDRESS_SANITIZER 1
#else
#define SLICEPOOL_ADDRESS_SANITIZER 0
#endif

namespace slicepool::test {

/// Doubles the pixels of 12 slices on two processes. In slice 4 the misdeed comes first, in every attempt or in the
/// first `times`. What hangs is ended: a watchdog lives as long as this does.
class MisdeedRun {
public:
    static constexpr std::int64_t kAtFault = 4;
    static constexpr std::int64_t kAlways = 1000;

    /// Slices of `rows` x `columns` pixels.
    explicit MisdeedRun(std::int64_t rows = 5, std::int64_t columns = 40) : shape_{12, rows, columns} {}

    /// The misdeed gets the output slice.
    template <class Misdeed>
    Report operator()(Misdeed misdeed, std::int64_t times, const Options& options = {.n_jobs = 2}) const {
        return process_slices(
            input_, output_,
            [this, misdeed, times](SliceView<const float> in, SliceView<float> out) {
                out.setConstant(99.0F);  // what a torn slice looks like
                if (current_slice() == kAtFault && tries_[0]++ < times) misdeed(out);
                out = 2 * in;
            },
            options);
    }

    /// Every slice is right; but slice 4 is NaN when it was `lost`.
    void check_pixels(bool lost = false) const {
        for (std::int64_t index = 0; index < shape_.depth; ++index) {
            INFO("slice " << index);
            if (lost && index == kAtFault)
                CHECK(output_.slice(0, index).isNaN().all());
            else
                CHECK((output_.slice(0, index) == 2 * input_.slice(0, index)).all());
        }
    }

    /// The misdeed happened once: one worker died in slice 4, which was done again, and everything is right.
    void check_done_again(const Report& report) const {
        CHECK(report.ok());
        CHECK(report.deaths() == 1);
        CHECK(report.retries() == 1);
        REQUIRE(report.slices[kAtFault].causes.size() == 1);
        CHECK(report.slices[kAtFault].attempts == 2);
        for (const WorkerLife& life : report.workers)
            if (life.death_seconds >= 0) CHECK(life.slice == kAtFault);
        check_pixels();
    }

    /// The misdeed happened in every attempt: slice 4 was given up, and everything else is right.
    void check_given_up(const Report& report, SliceStatus status, int attempts) const {
        CHECK(report.count(SliceStatus::done) == shape_.depth - 1);
        REQUIRE(report.failures().size() == 1);
        CHECK(report.failures()[0].index == kAtFault);
        CHECK(report.failures()[0].status == status);
        CHECK(report.failures()[0].attempts == attempts);
        CHECK(report.failures()[0].causes.size() == static_cast<std::size_t>(attempts));
        check_pixels(true);
    }

    /// Why the first attempt at slice 4 failed.
    static const Cause& first_cause(const Report& report) { return report.slices.at(kAtFault).causes.at(0); }

private:
    Watchdog watchdog_{"the run with a misdeed"};
    Shape shape_;
    Volume<float> input_ = numbered_volume<float>(shape_);
    Volume<float> output_ = constant_volume<float>(shape_, 0);
    SharedCounters tries_{1};
};

/// Waits until the process has ended; the test's watchdog watches.
inline void wait_for_end_of(std::int64_t pid) {
    while (is_running(static_cast<long>(pid))) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace slicepool::test
