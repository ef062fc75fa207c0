// arena.hpp: the shared memory that volumes live in, one per process, at one address here and in every worker process.
// It hands out blocks; shapes and pixels are the volume's (volume.cpp).
#pragma once

#include "os/mapping.hpp"
#include "os/shared_heap.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace slicepool {

class Storage;

/// A sparse, sealed memory file reserved at its full size and managed by Boost.Interprocess. Only touched pages cost
/// memory. Freed blocks keep their pages and are given out again: touching fresh pages is the largest cost of a cold run.
/// Safe from many threads of the process that made it; worker processes only read and write pixels in it.
class Arena {
public:
    /// The arena of this process, made on first use and never unmade. A fork of the host has one of its own: what it
    /// inherited stays its parent's to give out. Throws SystemError when it cannot be reserved.
    [[nodiscard]] static Arena& instance();

    /// For tests: an arena of its own.
    explicit Arena(std::size_t reserved_bytes);

    /// A page-aligned block of at least `bytes`, contents unspecified, freed with the last owner. Throws SystemError
    /// (ENOMEM) before anything is touched when the machine cannot hold it beside the blocks already promised.
    [[nodiscard]] std::shared_ptr<const Storage> allocate(std::size_t bytes, std::size_t copied_bytes = 0);

    /// Gives the pages of freed blocks back to the system.
    void release_unused();

    /// Bytes of freed blocks kept for reuse, and bytes of memory behind the arena.
    [[nodiscard]] std::size_t unused_bytes() const;
    [[nodiscard]] std::uint64_t populated_bytes() const;

    /// In a forked worker process: makes every volume read-only here, and making one an Error.
    void close_in_this_process();

    /// The whole reserved range, for setting access in workers.
    [[nodiscard]] std::span<std::byte> range() const noexcept { return mapping_.range(); }

private:
    class Block;
    [[nodiscard]] bool is_ours() const noexcept;
    void recycle(std::span<std::byte> block) noexcept;
    [[nodiscard]] std::byte* take(std::size_t bytes, std::size_t* block_bytes);
    void release_unused_locked() noexcept;
    /// What the machine has left, and how much of it belongs to volumes that were made but not written yet.
    struct Balance {
        std::optional<std::uint64_t> available;
        std::uint64_t promised = 0;
    };
    /// `reused`: bytes of a freed block, counted as if they were given out again.
    [[nodiscard]] Balance balance(std::size_t reused) const;
    [[nodiscard]] bool can_promise(std::size_t reused, std::size_t fresh = 0) const;
    void check_available(std::size_t bytes) const;

    os::FileDescriptor file_;
    os::Mapping mapping_;
    mutable std::mutex mutex_;
    os::SharedHeap heap_;
    std::multimap<std::size_t, std::byte*> unused_;  // by size
    std::size_t live_bytes_ = 0;
    const std::int64_t maker_pid_;
    bool closed_ = false;
};

}  // namespace slicepool
