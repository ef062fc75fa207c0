// output_disk_test.cpp: a disk that is too small, or a limit on file sizes, is an exception before the first pixel and
// leaves nothing behind. Each case runs in a forked process, whose mounts and limits end with it.
#include <slicepool/core/error.hpp>
#include <slicepool/io/output.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;

namespace {

constexpr int kAsExpected = 0;
constexpr int kNoError = 1;
constexpr int kOtherError = 2;
constexpr int kLeftover = 3;
constexpr int kCannotSetUp = 77;

/// Runs `action` in a process of its own; its exit status, or 1000 plus the signal that ended it.
template <class Action>
int outcome_in_child(Action&& action) {
    const pid_t child = ::fork();
    if (child == 0) {
        int result = kOtherError;
        try {
            result = action();
        } catch (...) {
        }
        ::_exit(result);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Takes this process where it may mount what nobody else sees, as root or as the root of a user namespace of its own.
bool may_mount_alone() {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) != 0) return false;
    if (user != 0) {
        test::write_bytes("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
        test::write_bytes("/proc/self/setgroups", "deny");
        test::write_bytes("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
    }
    return ::geteuid() == 0;
}

int create_too_large(const test::TemporaryDirectory& directory, const std::string& name, int expected_error) {
    try {
        const io::OutputFile out = io::OutputFile::create(directory.file(name), DType::f32, {64, 256, 256});
        return kNoError;
    } catch (const SystemError& error) {
        if (error.code().value() != expected_error) return kOtherError;
    }
    return std::filesystem::is_empty(directory.path()) ? kAsExpected : kLeftover;
}

std::string output_name() {
#ifdef SLICEPOOL_HAS_HDF5
    return GENERATE("out.npy", "out.h5");
#else
    return "out.npy";
#endif
}

}  // namespace

TEST_CASE("a full disk is an error before the first pixel", "[io][output][disk]") {
    const test::TemporaryDirectory directory;
    const std::string name = output_name();
    CAPTURE(name);
    const int outcome = outcome_in_child([&] {
        if (!may_mount_alone() || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=2m") != 0)
            return kCannotSetUp;
        return create_too_large(directory, name, ENOSPC);
    });
    if (outcome == kCannotSetUp) {
        WARN("skipped: no small file system can be mounted here");
        return;
    }
    CHECK(outcome == kAsExpected);
}

TEST_CASE("a limit on file sizes is an error, not a signal", "[io][output][disk]") {
    const test::TemporaryDirectory directory;
    const std::string name = output_name();
    CAPTURE(name);
    const int outcome = outcome_in_child([&] {
        const rlimit limit{1 << 20, 1 << 20};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return kCannotSetUp;
        return create_too_large(directory, name, EFBIG);
    });
    REQUIRE(outcome != kCannotSetUp);
    CHECK(outcome == kAsExpected);
}
