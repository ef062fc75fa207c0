// Reports: the questions asked of them, and how a cause reads.
#include <slicepool/core/report.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/messages.hpp"

using namespace slicepool;
using slicepool::test::message_of;
using slicepool::test::missing_in;

namespace {

SliceOutcome outcome(std::int64_t index, SliceStatus status, int attempts, std::vector<Cause> causes = {}) {
    SliceOutcome slice;
    slice.index = index;
    slice.status = status;
    slice.attempts = attempts;
    slice.causes = std::move(causes);
    return slice;
}

Cause crash(int signal) { return {.kind = SliceStatus::crashed, .signal = signal, .exit_code = 0, .text = {}}; }

Report mixed() {
    Report report;
    report.slices = {outcome(2, SliceStatus::done, 1), outcome(4, SliceStatus::not_run, 0),
                     outcome(6, SliceStatus::crashed, 3, {crash(11), crash(11), crash(6)}),
                     outcome(8, SliceStatus::done, 2, {crash(9)}),
                     outcome(10, SliceStatus::failed, 1,
                             {{.kind = SliceStatus::failed, .signal = 0, .exit_code = 0, .text = "bad row"}})};
    return report;
}

}  // namespace

TEST_CASE("a run is ok when every slice is done, and only then", "[core][report]") {
    Report report;
    CHECK(report.ok());
    report.slices = {outcome(0, SliceStatus::done, 1), outcome(1, SliceStatus::done, 3)};
    CHECK(report.ok());
    report.slices.push_back(outcome(2, SliceStatus::not_run, 0));
    CHECK_FALSE(report.ok());
    CHECK_FALSE(mixed().ok());
}

TEST_CASE("failures are the slices given up, lowest index first, without those never tried", "[core][report]") {
    const std::vector<SliceOutcome> failures = mixed().failures();
    REQUIRE(failures.size() == 2);
    CHECK(failures[0].index == 6);
    CHECK(failures[1].index == 10);
}

TEST_CASE("slices are counted by status and attempts beyond the first as retries", "[core][report]") {
    const Report report = mixed();
    CHECK(report.count(SliceStatus::done) == 2);
    CHECK(report.count(SliceStatus::not_run) == 1);
    CHECK(report.count(SliceStatus::crashed) == 1);
    CHECK(report.count(SliceStatus::timed_out) == 0);
    CHECK(report.retries() == 3);
}

TEST_CASE("raising a report throws the failure of lowest index", "[core][report]") {
    try {
        mixed().raise();
        FAIL("nothing was thrown");
    } catch (const SliceError& error) {
        CHECK(error.outcome().index == 6);
        CHECK(error.outcome().causes.size() == 3);
        CHECK(missing_in(error.what(), {"slice 6: crashed(SIGABRT)", "3"}) == "");
    }
}

TEST_CASE("raising a report without failures does nothing, also when slices were not run", "[core][report]") {
    Report report;
    CHECK_NOTHROW(report.raise());
    report.slices = {outcome(0, SliceStatus::done, 1), outcome(1, SliceStatus::not_run, 0)};
    CHECK_NOTHROW(report.raise());
}

TEST_CASE("a failure without a recorded cause is raised by its status", "[core][report]") {
    Report report;
    report.slices = {outcome(3, SliceStatus::timed_out, 1)};
    CHECK(missing_in(message_of<Error>([&] { report.raise(); }), {"slice 3: timed_out"}) == "");
}

TEST_CASE("a cause reads as a short sentence", "[core][report]") {
    CHECK(describe(crash(11)) == "crashed(SIGSEGV)");
    CHECK(describe(crash(9)) == "crashed(SIGKILL)");
    CHECK(describe(crash(40)) == "crashed(signal 40)");
    CHECK(describe({.kind = SliceStatus::crashed, .signal = 0, .exit_code = 3, .text = {}}) == "crashed(exit 3)");
    CHECK(describe({.kind = SliceStatus::crashed, .signal = 0, .exit_code = 0, .text = {}}) == "crashed(exit 0)");
    CHECK(describe({.kind = SliceStatus::timed_out, .signal = 0, .exit_code = 0, .text = "after 2.5 s"}) ==
          "timed_out after 2.5 s");
    CHECK(describe({.kind = SliceStatus::failed, .signal = 0, .exit_code = 0, .text = "bad value in row 7"}) ==
          "failed(bad value in row 7)");
    CHECK(missing_in(describe({.kind = SliceStatus::forbidden, .signal = 0, .exit_code = 0, .text = "socket"}),
                     {"forbidden", "socket"}) == "");
}

TEST_CASE("every status has a name of its own", "[core][report]") {
    CHECK(name_of(SliceStatus::not_run) == "not_run");
    CHECK(name_of(SliceStatus::done) == "done");
    CHECK(name_of(SliceStatus::failed) == "failed");
    CHECK(name_of(SliceStatus::crashed) == "crashed");
    CHECK(name_of(SliceStatus::timed_out) == "timed_out");
    CHECK(name_of(SliceStatus::forbidden) == "forbidden");
}
