// The ways to leave a process without a signal: each is a failure of the slice, whatever the code.
// std::exit and the host's exit handlers are in death_test.cpp.

#include <cstdlib>
#include <string>

#include <unistd.h>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

void check_left_with(int code, const MisdeedRun& run, const Report& report) {
    run.check_given_up(report, SliceStatus::crashed, 2);
    for (const Cause& cause : report.slices[MisdeedRun::kAtFault].causes) {
        CHECK(describe(cause) == "crashed(exit " + std::to_string(code) + ")");
        CHECK(cause.trace.empty());
    }
}

const Options kTwoAttempts{.n_jobs = 2, .max_attempts = 2};

}  // namespace

TEST_CASE("leaving by _exit is a failure whatever the code", "[crash]") {
    const LeavesNothing promise;
    const int code = GENERATE(0, 3);
    const MisdeedRun run;
    check_left_with(code, run, run([code](SliceView<float>) { _exit(code); }, MisdeedRun::kAlways, kTwoAttempts));
}

TEST_CASE("leaving by quick_exit is a failure whatever the code", "[crash]") {
    const LeavesNothing promise;
    const int code = GENERATE(0, 3);
    const MisdeedRun run;
    check_left_with(code, run,
                    run([code](SliceView<float>) { std::quick_exit(code); }, MisdeedRun::kAlways, kTwoAttempts));
}

TEST_CASE("an exit handler of the function's own that makes the code 0 makes no success of it", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const auto leave = [](SliceView<float>) {
        std::atexit([] { _exit(0); });  // as a library's, loaded by the function
        std::exit(3);
    };
    check_left_with(0, run, run(leave, MisdeedRun::kAlways, kTwoAttempts));
}

TEST_CASE("a library's exit handler that fails turns an exit into a crash, no more", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run(
        [](SliceView<float>) {
            std::atexit([] { std::abort(); });
            std::exit(0);
        },
        1);
    run.check_done_again(report);
    CHECK(describe(MisdeedRun::first_cause(report)) == "crashed(SIGABRT)");
}
