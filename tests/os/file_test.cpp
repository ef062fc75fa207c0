// Files: descriptors that close once, whole reads and writes, and disk space reserved before it is needed.
#include "os/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "os/forked.hpp"
#include "support/catch.hpp"
#include "support/leftovers.hpp"
#include "support/messages.hpp"
#include "support/temporary_directory.hpp"
#include "support/watchdog.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using slicepool::test::forked;
using slicepool::test::ScratchDirectory;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a descriptor is closed once, by its last holder", "[os][file]") {
    const ScratchDirectory directory;
    const test::Leftovers leftovers;
    {
        os::FileDescriptor first = os::create_new(directory.path() / "a");
        const int number = first.get();
        CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
        os::FileDescriptor second = std::move(first);
        CHECK_FALSE(first);
        CHECK(second.get() == number);
        os::FileDescriptor& alias = second;
        second = std::move(alias);
        CHECK(is_open(number));
        second = os::create_new(directory.path() / "b");
        const int released = second.release();
        CHECK(is_open(released));
        second.reset(released);
        second.reset();
        CHECK_FALSE(is_open(released));
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("files that cannot be opened are named", "[os][file]") {
    const ScratchDirectory directory;
    const std::string missing = directory.path() / "missing.npy";
    CHECK(test::missing_in(test::message_of<SystemError>([&] { static_cast<void>(os::open_for_reading(missing)); }),
                           {missing, "open"}) == "");
    CHECK_THROWS_AS(os::open_for_writing(missing), SystemError);
    const auto present = directory.write("present", "x");
    CHECK(test::missing_in(test::message_of<SystemError>([&] { static_cast<void>(os::create_new(present)); }),
                           {present.native(), "create"}) == "");
}

TEST_CASE("what is written at an offset is read from it, short only at the end of the file", "[os][file]") {
    const ScratchDirectory directory;
    const os::FileDescriptor file = os::create_new(directory.path() / "a");
    const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    os::write_at(file.get(), bytes, 5, "a");
    std::array<std::byte, 10> back{};
    CHECK(os::read_at(file.get(), back, 4, "a") == 4);
    CHECK(back[0] == std::byte{0});
    CHECK(back[3] == std::byte{3});
    CHECK(os::read_at(file.get(), back, 100, "a") == 0);
    CHECK_THROWS_AS(os::read_at(-1, back, 0, "a"), SystemError);
    CHECK_THROWS_AS(os::write_at(-1, bytes, 0, "a"), SystemError);
    CHECK_NOTHROW(os::synchronise(file.get(), "a"));
}

TEST_CASE("a file's identity tells size, kind and sameness", "[os][file]") {
    const ScratchDirectory directory;
    const auto path = directory.write("a", "12345");
    const os::FileIdentity one = os::identity(os::open_for_reading(path).get(), "a");
    const os::FileIdentity again = os::identity(os::open_for_writing(path).get(), "a");
    CHECK(one.size == 5);
    CHECK(one.regular);
    CHECK_FALSE(one.directory);
    CHECK((one.device == again.device && one.inode == again.inode));
    CHECK(os::identity(os::open_for_reading(directory.path()).get(), "d").directory);
    CHECK_THROWS_AS(os::identity(-1, "nothing"), SystemError);
}

TEST_CASE("reserved blocks are there, and the file is as long", "[os][file]") {
    const ScratchDirectory directory;
    const os::FileDescriptor file = os::create_new(directory.path() / "a");
    os::reserve_blocks(file.get(), 100'003, "a");
    CHECK(os::identity(file.get(), "a").size == 100'003);
    CHECK(os::allocated_bytes(file.get()) >= 100'003);
    os::reserve_blocks(file.get(), 0, "a");
    CHECK(os::identity(file.get(), "a").size == 100'003);
}

TEST_CASE("blocks that cannot be reserved leave the file as it was", "[os][file]") {
    const ScratchDirectory directory;
    const os::FileDescriptor file = os::create_new(directory.path() / "a");
    os::reserve_blocks(file.get(), 10, "a");
    CHECK(test::missing_in(
              test::message_of<SystemError>([&] { os::reserve_blocks(file.get(), std::uint64_t{1} << 62, "a"); }),
              {"'a'", "bytes"}) == "");
    CHECK(os::identity(file.get(), "a").size == 10);
    CHECK_THROWS_AS(os::reserve_blocks(os::open_for_reading(directory.path() / "a").get(), 5000, "a"), SystemError);
}

TEST_CASE("a limit on file sizes is an error, not the end of the host, when space is reserved or written",
          "[os][file]") {
    const ScratchDirectory directory;
    const auto ending = forked([&] {
        ::signal(SIGXFSZ, SIG_DFL);
        const rlimit limit{8192, 8192};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
        const os::FileDescriptor file = os::create_new(directory.path() / "a");
        int refused = 0;
        try {
            os::reserve_blocks(file.get(), 100'000, "a");
        } catch (const SystemError&) {
            ++refused;
        }
        try {
            os::write_at(file.get(), std::vector<std::byte>(100), 100'000, "a");
        } catch (const SystemError&) {
            ++refused;
        }
        return refused == 2 ? 0 : 1;
    });
    CHECK(ending.signal == 0);
    CHECK(ending.code == 0);
}

TEST_CASE("space in memory is reserved although a timer keeps interrupting", "[os][file]") {
    // The tmpfs of many kernels gives up and undoes its work at every signal: begun again each time it would never end.
    const test::Watchdog watchdog("reserving space under a storm of signals");
    const auto ending = forked([] {
        const os::FileDescriptor file(::open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
        if (!file) return 77;
        ::signal(SIGALRM, [](int) {});
        const itimerval storm{{0, 500}, {0, 500}};
        ::setitimer(ITIMER_REAL, &storm, nullptr);
        ::signal(SIGPROF, SIG_DFL);
        const itimerval end{{0, 0}, {20, 0}};  // of processor time: a live-lock burns it
        ::setitimer(ITIMER_PROF, &end, nullptr);
        try {
            os::reserve_blocks(file.get(), 32 << 20, "a file in memory");
        } catch (const SystemError& error) {
            return error.code() == std::errc::no_space_on_device ? 77 : 1;
        }
        return 0;
    });
    if (ending.code == 77)
        WARN("not checked: /dev/shm is missing or has less than 32 MB");
    else
        CHECK((ending.code == 0 && ending.signal == 0));
}

TEST_CASE("renaming replaces the file in one step", "[os][file]") {
    const ScratchDirectory directory;
    const auto from = directory.write("from", "new");
    const auto to = directory.write("to", "old file");
    os::rename_over(from, to);
    CHECK(std::filesystem::file_size(to) == 3);
    CHECK_FALSE(std::filesystem::exists(from));
    CHECK_THROWS_AS(os::rename_over(from, to), SystemError);
}
