// Memory files and mappings: sealed, sparse, protected page by page, and given back.
#include "os/mapping.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "os/forked.hpp"
#include "support/catch.hpp"
#include "support/leftovers.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using slicepool::test::forked;

namespace {

os::Mapping shared_pages(std::size_t pages) {
    const std::size_t bytes = pages * os::page_bytes();
    return os::Mapping::of_file(os::sealed_memory_file("test", bytes).get(), 0, bytes, os::Access::read_write, "test");
}

}  // namespace

TEST_CASE("a memory file can neither shrink nor grow nor be unsealed", "[os][memory-file]") {
    const std::size_t bytes = 3 * os::page_bytes();
    const os::FileDescriptor file = os::sealed_memory_file("test", bytes);
    CHECK(::ftruncate(file.get(), 0) == -1);
    CHECK(errno == EPERM);
    CHECK(::ftruncate(file.get(), static_cast<off_t>(2 * bytes)) == -1);
    CHECK(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
    CHECK(os::identity(file.get(), "test").size == bytes);
    CHECK((::fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a memory file takes memory only where it is touched, and gives it back", "[os][memory-file]") {
    const std::size_t bytes = std::size_t{1} << 30;
    const os::FileDescriptor file = os::sealed_memory_file("test", bytes);
    const os::Mapping mapping = os::Mapping::of_file(file.get(), 0, bytes, os::Access::read_write, "test");
    CHECK(os::allocated_bytes(file.get()) == 0);
    const std::span<std::byte> part = mapping.range().subspan(64 * os::page_bytes(), 16 * os::page_bytes());
    REQUIRE_FALSE(os::populate(part, os::Access::read_write));
    CHECK(os::allocated_bytes(file.get()) >= part.size());
    std::ranges::fill(part, std::byte{7});
    os::discard(part);
    CHECK(os::allocated_bytes(file.get()) == 0);
    CHECK(std::ranges::all_of(part, [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("populating keeps what the pages hold", "[os][mapping]") {
    const os::Mapping mapping = shared_pages(3);
    mapping.data()[os::page_bytes()] = std::byte{42};
    REQUIRE_FALSE(os::populate(mapping.range(), os::Access::read_write));
    REQUIRE_FALSE(os::populate(mapping.range(), os::Access::read));
    CHECK(mapping.data()[os::page_bytes()] == std::byte{42});
    CHECK_FALSE(os::populate({}, os::Access::read_write));
}

TEST_CASE("a limit on file sizes is an error, not the end of the host", "[os][memory-file]") {
    const auto ending = forked([] {
        const rlimit limit{4096, 4096};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
        try {
            static_cast<void>(os::sealed_memory_file("test", 1 << 20));
        } catch (const SystemError& error) {
            return error.code() == std::errc::file_too_large ? 0 : 3;
        }
        return 1;
    });
    CHECK(ending.signal == 0);
    CHECK(ending.code == 0);
}

TEST_CASE("page arithmetic covers whole pages", "[os][mapping]") {
    const std::size_t page = os::page_bytes();
    CHECK(os::whole_pages(0) == 0);
    CHECK(os::whole_pages(1) == page);
    CHECK(os::whole_pages(page) == page);
    CHECK(os::whole_pages(page + 1) == 2 * page);
    const os::Mapping mapping = shared_pages(4);
    const auto cover = os::page_cover(mapping.range().subspan(page - 1, 2));
    CHECK(cover.data() == mapping.data());
    CHECK(cover.size() == 2 * page);
    CHECK(os::page_cover(mapping.range().subspan(page, page)).data() == mapping.data() + page);
    CHECK(os::page_cover(mapping.range().subspan(page, page)).size() == page);
}

TEST_CASE("protected pages fault, and their neighbours do not", "[os][mapping]") {
    const os::Mapping mapping = shared_pages(3);
    const std::size_t page = os::page_bytes();
    os::protect(mapping.range().subspan(page, page), os::Access::read);
    const auto write_to = [&](std::size_t offset) {
        return forked([&] {
            *static_cast<volatile std::byte*>(mapping.data() + offset) = std::byte{1};
            return 0;
        });
    };
    CHECK(write_to(page - 1).code == 0);
    CHECK(write_to(2 * page).code == 0);
    CHECK(write_to(page).signal == SIGSEGV);
    CHECK(write_to(2 * page - 1).signal == SIGSEGV);
    os::protect(mapping.range().subspan(page, page), os::Access::none);
    CHECK(forked([&] { return static_cast<int>(*static_cast<volatile std::byte*>(mapping.data() + page)); }).signal ==
          SIGSEGV);
    os::protect(mapping.range(), os::Access::read_write);
    CHECK(write_to(page).code == 0);
    CHECK(mapping.data()[page] == std::byte{1});
}

TEST_CASE("protecting what is not mapped throws", "[os][mapping]") {
    std::span<std::byte> gone;
    {
        const os::Mapping mapping = shared_pages(1);
        gone = mapping.range();
    }
    CHECK_THROWS_AS(os::protect(gone, os::Access::read), SystemError);
    CHECK_NOTHROW(os::protect({}, os::Access::read));
}

TEST_CASE("a mapping is unmapped once, by its last holder", "[os][mapping]") {
    const test::Leftovers leftovers;
    {
        os::Mapping first = shared_pages(1);
        std::byte* const address = first.data();
        os::Mapping second = std::move(first);
        CHECK(first.size() == 0);
        CHECK(second.data() == address);
        second = shared_pages(2);
        CHECK(second.size() == 2 * os::page_bytes());
        second = os::Mapping();
        CHECK(second.range().empty());
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a mapping that cannot be made names what was to be mapped", "[os][mapping]") {
    CHECK(test::missing_in(test::message_of<SystemError>([] {
                               static_cast<void>(os::Mapping::of_file(-1, 0, 4096, os::Access::read, "scan.npy"));
                           }),
                           {"map 'scan.npy'"}) == "");
}

TEST_CASE("private memory is zeroed", "[os][mapping]") {
    const os::Mapping mapping = os::Mapping::anonymous(3 * os::page_bytes(), "test");
    CHECK(std::ranges::all_of(mapping.range(), [](std::byte byte) { return byte == std::byte{0}; }));
}
