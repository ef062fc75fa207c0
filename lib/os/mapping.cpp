#include "os/mapping.hpp"

#include <slicepool/core/error.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

namespace slicepool::os {
namespace {

int protection(Access access) noexcept {
    return access == Access::none ? PROT_NONE : access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE;
}

}  // namespace

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

std::size_t whole_pages(std::size_t bytes) noexcept { return (bytes + page_bytes() - 1) / page_bytes() * page_bytes(); }

std::span<std::byte> page_cover(std::span<std::byte> range) noexcept {
    const std::size_t before = reinterpret_cast<std::uintptr_t>(range.data()) % page_bytes();
    return {range.data() - before, whole_pages(range.size() + before)};
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(range_, other.range_);
    return *this;
}

Mapping::~Mapping() {
    if (!range_.empty()) ::munmap(range_.data(), range_.size());
}

Mapping Mapping::of_file(int fd, std::uint64_t offset, std::size_t bytes, Access access, std::string_view what) {
    void* address =
        ::mmap(nullptr, bytes, protection(access), MAP_SHARED | MAP_NORESERVE, fd, static_cast<off_t>(offset));
    if (address == MAP_FAILED) throw SystemError("map", what, last_system_error());
    return Mapping({static_cast<std::byte*>(address), bytes});
}

Mapping Mapping::anonymous(std::size_t bytes, std::string_view what) {
    void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) throw SystemError("map", what, last_system_error());
    return Mapping({static_cast<std::byte*>(address), bytes});
}

namespace {

/// Whether the letter at `place` of the access, as in "rw-s", is `letter` in all mappings that `pages` lie in.
bool is_mapped_with(std::span<const std::byte> pages, std::size_t place, char letter) {
    auto at = reinterpret_cast<std::uintptr_t>(pages.data());
    const std::uintptr_t end = at + pages.size();
    std::ifstream maps("/proc/self/maps");  // ascending: "7f00-7f08 rw-s ..."
    for (std::string line; at < end && std::getline(maps, line);) {
        std::uintptr_t begin_of_line = 0;
        std::uintptr_t end_of_line = 0;
        std::array<char, 5> access{};
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin_of_line, &end_of_line, access.data()) != 3) return false;
        if (end_of_line <= at) continue;
        if (begin_of_line > at || access[place] != letter) return false;
        at = end_of_line;
    }
    return at >= end;
}

}  // namespace

bool is_mapped_shared(std::span<const std::byte> pages) { return is_mapped_with(pages, 3, 's'); }

bool is_writable(std::span<const std::byte> bytes) { return is_mapped_with(bytes, 1, 'w'); }

void protect(std::span<std::byte> pages, Access access) {
    if (!pages.empty() && ::mprotect(pages.data(), pages.size(), protection(access)) != 0)
        throw SystemError("protect", "mapped memory", last_system_error());
}

std::error_code populate(std::span<std::byte> pages, Access access) noexcept {
    if (pages.empty()) return {};
    const int advice = access == Access::read_write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
    int result = 0;
    do result = ::madvise(pages.data(), pages.size(), advice);
    while (result != 0 && (errno == EINTR || errno == EAGAIN));
    if (result == 0 || errno == EINVAL) return {};  // EINVAL: the kernel does not know the advice
    return last_system_error();
}

void discard(std::span<std::byte> pages) noexcept {
    if (!pages.empty()) ::madvise(pages.data(), pages.size(), MADV_REMOVE);
}

FileDescriptor sealed_memory_file(const char* name, std::size_t bytes) {
    rlimit limit{};
    // Beyond this limit ftruncate raises SIGXFSZ, which would end the host.
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < bytes)
        throw SystemError("size memory file", name, std::make_error_code(std::errc::file_too_large),
                          "the limit on file sizes, ulimit -f, stands in the way");
    // Never to be executed; kernels before 6.3 do not know the flag, later ones complain without it.
    constexpr unsigned kNoExecSeal = 0x0008U;
    FileDescriptor fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | kNoExecSeal));
    if (!fd && errno == EINVAL) fd.reset(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) throw SystemError("create memory file", name, last_system_error());
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
        throw SystemError("size memory file", name, last_system_error());
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        throw SystemError("seal memory file", name, last_system_error());
    return fd;
}

}  // namespace slicepool::os
