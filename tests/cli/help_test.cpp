// help_test.cpp: what the tool says about itself: version, help with examples, filters.
#include <string>

#include "cli/command.hpp"
#include "support/catch.hpp"

using namespace slicepool;

namespace {

std::string output_of(const std::vector<std::string>& arguments) {
    const os::ProgramResult result = test::slicepool(arguments);
    CHECK(result.status.code == 0);
    CHECK(result.error_output.empty());
    return result.output;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the version is one line", "[cli][help]") {
    const std::string text = output_of({"--version"});
    CHECK(text.rfind("slicepool ", 0) == 0);
    CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("each command explains itself with examples", "[cli][help]") {
    const std::string overview = output_of({"--help"});
    for (const char* command : {"run", "info", "filters", "demo"}) {
        CAPTURE(command);
        CHECK(contains(overview, command));
        const std::string help = output_of({command, "--help"});
        CHECK(contains(help, "Examples:\n  slicepool " + std::string(command)));
    }
    const std::string run = output_of({"run", "--help"});
    CHECK(contains(run, "--max-worker-memory SIZE  "));
    for (const char* option : {"INPUT", "OUTPUT", "--filter", "--axis", "--backend", "--jobs", "--slices", "--dtype",
                               "--max-attempts", "--timeout", "--on-failure", "--fill", "--report", "--progress"}) {
        CAPTURE(option);
        CHECK(contains(run, option));
    }
}

TEST_CASE("every filter is listed, and its parameters explained", "[cli][filters]") {
    const std::string list = output_of({"filters"});
    for (const char* name : {"fresnel", "gaussian", "median", "uniform"}) CHECK(contains(list, name));
    const std::string gaussian = output_of({"filters", "gaussian"});
    for (const char* word : {"sigma", "must be given", "mode", "default reflect", "truncate", "scipy"}) {
        CAPTURE(word);
        CHECK(contains(gaussian, word));
    }
}

TEST_CASE("a full disk behind standard output is an error", "[cli][help]") {
    const os::ProgramResult result =
        os::run_program({"sh", "-c", "exec \"$0\" filters > /dev/full", SLICEPOOL_PROGRAM}, std::chrono::minutes(1));
    CHECK(result.status.code == 2);
    CHECK(contains(result.error_output, "No space left"));
}

TEST_CASE("a reader that goes away is no error", "[cli][help]") {
    const os::ProgramResult result = os::run_program(
        {"sh", "-c", "{ sleep 0.2; \"$0\" filters; echo $? >&2; } | true", SLICEPOOL_PROGRAM}, std::chrono::minutes(1));
    CHECK(result.error_output == "0\n");
}
