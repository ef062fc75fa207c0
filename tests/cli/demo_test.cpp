// demo_test.cpp: `slicepool demo` runs, compares and ends with 0.
#include <signal.h>

#include <filesystem>
#include <string>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the small demo finds the same bits on every backend, and compares with Python where it can", "[cli][demo]") {
    const os::ProgramResult result = test::slicepool({"demo", "--small", "--jobs", "2"});
    CAPTURE(result.output, result.error_output);
    CHECK(result.status.code == 0);
    for (const char* part : {"(600, 16, 1000)", "slicepool serial", "slicepool threads", "slicepool processes", "yes",
                             "a crash in one costs a slice", "slicepool run INPUT.npy"}) {
        CAPTURE(part);
        CHECK(contains(result.output, part));
    }
    CHECK(!contains(result.output, "NO"));
    if (contains(result.output, "No comparison with scipy and joblib: ")) {
        CHECK((contains(result.output, "lacks") || contains(result.output, "python3")));
        return;
    }
    for (const char* part : {"scipy, one core", "joblib threads", "joblib processes", "pixels of one slice."}) {
        CAPTURE(part);
        CHECK(contains(result.output, part));
    }
}

TEST_CASE("without python3 the demo says so and goes on", "[cli][demo]") {
    // What /usr/bin/python3 can do is not ours to choose, so the sentence is only looked for where it is not there.
    const os::ProgramResult result =
        os::run_program({"/usr/bin/env", "PATH=/nonexistent", SLICEPOOL_PROGRAM, "demo", "--small", "--jobs", "1"},
                        std::chrono::minutes(4));
    CAPTURE(result.output, result.error_output);
    CHECK(result.status.code == 0);
    CHECK((contains(result.output, "No comparison with scipy and joblib: ") ||
           contains(result.output, "/usr/bin/python3") || contains(result.output, "scipy, one core")));
}

TEST_CASE("a comparison that fails in Python leaves the demo its result", "[cli][demo]") {
    const test::TemporaryDirectory directory;
    const std::string python = directory.file("python3");
    // Passes the check, which has no argument of its own, and breaks in the work.
    test::write_bytes(python,
                      "#!/bin/sh\n[ $# -gt 2 ] || exit 0\necho 'Traceback' >&2\n"
                      "echo 'ImportError: a broken scipy' >&2\nexit 1\n");
    std::filesystem::permissions(python, std::filesystem::perms::owner_all);
    const os::ProgramResult result =
        os::run_program({"/usr/bin/env", "PATH=" + directory.path().native() + ":/usr/bin:/bin", SLICEPOOL_PROGRAM,
                         "demo", "--small", "--jobs", "1"},
                        std::chrono::minutes(4));
    CAPTURE(result.output, result.error_output);
    CHECK(result.status.code == 0);
    CHECK(contains(result.output, "No comparison with scipy and joblib: the comparison with Python failed in " +
                                      python + ": ImportError: a broken scipy."));
    CHECK(contains(result.output, "a crash in one costs a slice"));
}

TEST_CASE("an interrupted demo ends with 130 and leaves no process", "[cli][demo][interrupt]") {
    ::signal(SIGINT, SIG_DFL);
    os::RunningProgram program(test::command_line({"demo", "--small", "--peers", "none"}));
    std::vector<std::int64_t> children;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (children.empty() && std::chrono::steady_clock::now() < deadline) {
        REQUIRE(!program.wait(std::chrono::milliseconds(1)).has_value());
        children = test::children_of(program.pid());
    }
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGINT) == 0);
    const auto result = program.wait(std::chrono::minutes(4));
    REQUIRE(result.has_value());
    CAPTURE(result->error_output);
    CHECK(result->status.code == 130);
    CHECK(test::all_gone(children));
}
