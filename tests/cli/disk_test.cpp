// disk_test.cpp: a disk that is too small, or a limit on file sizes, ends with 2 before any slice and leaves nothing.
#include <unistd.h>

#include <string>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;

TEST_CASE("a full disk is refused before the run", "[cli][disk]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {64, 64, 256});
    const std::string spaces = ::geteuid() == 0 ? "unshare -m" : "unshare -rm";
    const std::string script =
        "mkdir \"$1/disk\" && mount -t tmpfs -o size=2m tmpfs \"$1/disk\" || exit 77\n"
        "\"$2\" run \"$1/in.npy\" \"$1/disk/out.npy\" -f 'gaussian sigma=1'; code=$?\n"
        "ls -A \"$1/disk\"; exit $code";
    const os::ProgramResult result = os::run_program({"sh", "-c", "exec " + spaces + " sh -c \"$0\" sh \"$@\"", script,
                                                      directory.path().native(), SLICEPOOL_PROGRAM},
                                                     std::chrono::minutes(4));
    CAPTURE(result.output, result.error_output);
    if (result.status.code == 77 || result.error_output.find("unshare") != std::string::npos) {
        WARN("skipped: no small file system can be mounted here");
        return;
    }
    CHECK(result.status.code == 2);
    CHECK(result.output.empty());
    CHECK(result.error_output.find("No space left on device") != std::string::npos);
    CHECK(result.error_output.find("out.npy") != std::string::npos);
}

TEST_CASE("a report for which there is no room costs neither the output nor the summary", "[cli][disk]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {64, 4, 16});
    const std::string spaces = ::geteuid() == 0 ? "unshare -m" : "unshare -rm";
    const std::string script =
        "mkdir \"$1/disk\" && mount -t tmpfs -o size=4k tmpfs \"$1/disk\" || exit 77\n"
        "\"$2\" run \"$1/in.npy\" \"$1/out.npy\" -f 'gaussian sigma=1' --report \"$1/disk/r.json\"; code=$?\n"
        "ls -A \"$1/disk\"; exit $code";
    const os::ProgramResult result = os::run_program({"sh", "-c", "exec " + spaces + " sh -c \"$0\" sh \"$@\"", script,
                                                      directory.path().native(), SLICEPOOL_PROGRAM},
                                                     std::chrono::minutes(4));
    CAPTURE(result.output, result.error_output);
    if (result.status.code == 77 || result.error_output.find("unshare") != std::string::npos) {
        WARN("skipped: no small file system can be mounted here");
        return;
    }
    CHECK(result.status.code == 1);
    CHECK(result.output.empty());
    CHECK(result.error_output.find("the report was not written: ") != std::string::npos);
    CHECK(result.error_output.find("No space left on device") != std::string::npos);
    CHECK(result.error_output.find("64 slices") != std::string::npos);
    CHECK(directory.listing().find("out.npy") != std::string::npos);
}

TEST_CASE("a limit on file sizes is an error, not the end of the program", "[cli][disk]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {16, 64, 256});
    const os::ProgramResult result =
        os::run_program({"sh", "-c", "ulimit -f 100; exec \"$0\" \"$@\"", SLICEPOOL_PROGRAM, "run",
                         directory.file("in.npy"), directory.file("out.npy"), "-f", "gaussian sigma=1"},
                        std::chrono::minutes(4));
    CAPTURE(result.error_output);
    CHECK(result.status.signal == 0);
    CHECK(result.status.code == 2);
    CHECK(result.error_output.find("File too large") != std::string::npos);
    CHECK(directory.listing() == "in.npy");
}
