// storage.hpp: what keeps the pixels of volumes alive, and how a worker process reaches them.
// The pixels' meaning (shape, strides, type) is the volume's, not ours.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace slicepool {

/// One range of memory that holds pixels. Immutable after construction; freed with its last owner.
class Storage {
public:
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;
    virtual ~Storage();

    /// The whole range, page-aligned at both ends; may be empty.
    [[nodiscard]] std::span<std::byte> range() const noexcept { return range_; }
    [[nodiscard]] bool writable() const noexcept { return writable_; }
    [[nodiscard]] std::size_t copied_bytes() const noexcept { return copied_bytes_; }

    /// Counts up with every storage of this process: a worker process has inherited those made before its template.
    [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }
    /// The serial the next storage will have.
    [[nodiscard]] static std::uint64_t next_serial() noexcept { return counter().load(std::memory_order_relaxed); }

    /// Whether every page has been written at least once, so that no write can run out of memory any more. Set by a run
    /// that completed all its slices; only ever a reason to save work.
    [[nodiscard]] bool populated() const noexcept { return populated_.load(std::memory_order_relaxed); }
    void set_populated() const noexcept { populated_.store(true, std::memory_order_relaxed); }

    /// True when every worker process of a pool made before this storage sees it at the same address (the arena);
    /// false for a mapped file, which such a worker has to map for itself.
    [[nodiscard]] virtual bool reserved_in_workers() const noexcept { return false; }

    /// For a mapped file: the descriptor to map it from (borrowed) and the offset of range() in it; -1 for the arena.
    [[nodiscard]] virtual int descriptor() const noexcept { return -1; }
    [[nodiscard]] virtual std::uint64_t offset() const noexcept { return 0; }

    /// The ranges of all writable storages that live now. Safe from any thread.
    [[nodiscard]] static std::vector<std::span<std::byte>> writable_ranges();

protected:
    Storage(std::span<std::byte> range, bool writable, std::size_t copied_bytes);

private:
    static std::atomic<std::uint64_t>& counter() noexcept {
        static std::atomic<std::uint64_t> next{1};
        return next;
    }

    std::span<std::byte> range_;
    bool writable_;
    std::size_t copied_bytes_;
    std::uint64_t serial_;
    mutable std::atomic<bool> populated_{false};
};

}  // namespace slicepool
