// mapping.hpp: owns one range of mapped memory, and the advice and protection calls on ranges.
// Who may use which part of it is decided elsewhere (memory/, backends/).
#pragma once

#include "os/file_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace slicepool::os {

enum class Access : std::uint8_t { none, read, read_write };

[[nodiscard]] std::size_t page_bytes() noexcept;
/// `bytes` rounded up to whole pages.
[[nodiscard]] std::size_t whole_pages(std::size_t bytes) noexcept;
/// The pages that `range` touches, whole.
[[nodiscard]] std::span<std::byte> page_cover(std::span<std::byte> range) noexcept;

/// Unmaps its range when it goes. Safe to move; not to share without care.
class Mapping {
public:
    Mapping() = default;
    Mapping(Mapping&& other) noexcept : range_(std::exchange(other.range_, {})) {}
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();

    /// Maps `bytes` (> 0) of `fd` from the page-aligned `offset`, shared. Throws SystemError naming `what`.
    [[nodiscard]] static Mapping of_file(int fd, std::uint64_t offset, std::size_t bytes, Access access,
                                         std::string_view what);
    /// Private zeroed memory. Throws SystemError.
    [[nodiscard]] static Mapping anonymous(std::size_t bytes, std::string_view what);

    [[nodiscard]] std::span<std::byte> range() const noexcept { return range_; }
    [[nodiscard]] std::byte* data() const noexcept { return range_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return range_.size(); }

private:
    explicit Mapping(std::span<std::byte> range) noexcept : range_(range) {}
    std::span<std::byte> range_;
};

/// True when all of `pages` is shared memory, as far as the system tells.
[[nodiscard]] bool is_mapped_shared(std::span<const std::byte> pages);
/// True when all of `bytes` can be written in this process, as far as the system tells.
[[nodiscard]] bool is_writable(std::span<const std::byte> bytes);
/// Changes the access to whole pages. Throws SystemError.
void protect(std::span<std::byte> pages, Access access);
/// Fills the page tables of `pages` (and allocates memory behind them, for Access::read_write) in one call instead of a
/// fault a page. Returns the error instead of a later SIGBUS; a kernel without the call (< 5.14) is no error.
[[nodiscard]] std::error_code populate(std::span<std::byte> pages, Access access) noexcept;
/// Gives the memory behind pages of a shared mapping back; they read as zero afterwards. Best effort.
void discard(std::span<std::byte> pages) noexcept;

/// A file in memory without a name in any directory: sparse, `bytes` long, sealed against shrinking and growing.
/// `name` is only what /proc shows. Throws SystemError.
[[nodiscard]] FileDescriptor sealed_memory_file(const char* name, std::size_t bytes);

}  // namespace slicepool::os
