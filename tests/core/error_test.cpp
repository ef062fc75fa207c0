// Errors: what a message of the system's refusals reads like, and that one catch gets the whole family.
#include <slicepool/core/error.hpp>

#include <cerrno>
#include <string>

#include "support/catch.hpp"

using namespace slicepool;

TEST_CASE("a system error names the operation, the object, the reason and what would help", "[core][error]") {
    const std::error_code full = std::make_error_code(std::errc::no_space_on_device);
    CHECK(std::string(SystemError("write", "scan.npy", full).what()) == "write 'scan.npy': " + full.message());
    CHECK(std::string(SystemError("write", "scan.npy", full, "3 bytes are needed").what()) ==
          "write 'scan.npy': " + full.message() + " (3 bytes are needed)");
    const SystemError within("'a.npy' is big-endian", SystemError("write", "scan.npy", full));
    CHECK(std::string(within.what()) == "'a.npy' is big-endian: write 'scan.npy': " + full.message());
    CHECK(within.code() == std::errc::no_space_on_device);
    CHECK(SystemError("write", "scan.npy", full).code() == std::errc::no_space_on_device);
}

TEST_CASE("the last system error is errno's", "[core][error]") {
    errno = ENOENT;
    const std::error_code code = last_system_error();
    CHECK(code.value() == ENOENT);
    CHECK(code == std::errc::no_such_file_or_directory);
}

TEST_CASE("every exception of the library is an Error", "[core][error]") {
    CHECK_THROWS_AS(throw InvalidArgument("axis 3"), Error);
    CHECK_THROWS_AS(throw FormatError("no magic"), Error);
    CHECK_THROWS_AS(throw SystemError("open", "x", {ENOENT, std::system_category()}), Error);
    CHECK_THROWS_AS(throw InvalidArgument("axis 3"), std::runtime_error);
}
