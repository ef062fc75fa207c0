#include "memory/arena.hpp"

#include "memory/storage.hpp"

#include <slicepool/core/error.hpp>
#include "os/child.hpp"
#include "os/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <new>

namespace slicepool {
namespace {

constexpr std::size_t kSmallestArena = std::size_t{64} << 20;

/// Address space for twice what the machine can hold, so that holes between blocks never matter; less where a limit on
/// address space (ulimit -v) stands in the way.
Arena* make_arena() {
    std::size_t bytes = os::whole_pages(std::max<std::size_t>(2 * os::total_memory(), kSmallestArena));
    while (true) {
        try {
            return new Arena(bytes);  // never freed: workers and late destructors may still look at pixels
        } catch (const SystemError&) {
            bytes = os::whole_pages(bytes / 2);
            if (bytes < kSmallestArena) throw;
        }
    }
}

}  // namespace

class Arena::Block final : public Storage {
public:
    Block(Arena& arena, std::span<std::byte> range, std::size_t copied_bytes) noexcept
        : Storage(range, true, copied_bytes), arena_(arena) {}
    ~Block() override { arena_.recycle(range()); }
    [[nodiscard]] bool reserved_in_workers() const noexcept override { return true; }

private:
    Arena& arena_;
};

Arena& Arena::instance() {
    static std::atomic<Arena*> current{nullptr};
    Arena* arena = current.load(std::memory_order_acquire);
    // In a worker the host's arena, closed, says that no volume can be made.
    if (arena != nullptr && (arena->is_ours() || arena->closed_)) return *arena;
    // No lock: a fork might inherit it held.
    Arena* const made = make_arena();
    if (current.compare_exchange_strong(arena, made, std::memory_order_acq_rel)) return *made;
    delete made;
    return *arena;
}

Arena::Arena(std::size_t reserved_bytes)
    : file_(os::sealed_memory_file("slicepool-volumes", reserved_bytes)),
      mapping_(os::Mapping::of_file(file_.get(), 0, reserved_bytes, os::Access::read_write, "memory for volumes")),
      heap_(mapping_.range()),
      maker_pid_(os::process_id()) {}

bool Arena::is_ours() const noexcept { return maker_pid_ == os::process_id(); }

std::shared_ptr<const Storage> Arena::allocate(std::size_t bytes, std::size_t copied_bytes) {
    if (closed_) throw Error("a volume cannot be made in a worker process: make it before the run");
    const std::size_t wanted = os::whole_pages(std::max<std::size_t>(bytes, 1));
    std::size_t block_bytes = wanted;
    std::byte* block = nullptr;
    {
        const std::lock_guard lock(mutex_);
        block = take(wanted, &block_bytes);
        live_bytes_ += block_bytes;
    }
    return std::make_shared<Block>(*this, std::span(block, block_bytes), copied_bytes);
}

std::byte* Arena::take(std::size_t bytes, std::size_t* block_bytes) {
    // A freed block up to an eighth too large is better than fresh pages.
    const auto reusable = unused_.lower_bound(bytes);
    if (reusable != unused_.end() && reusable->first <= bytes + bytes / 8 && can_promise(reusable->first)) {
        std::byte* const block = reusable->second;
        *block_bytes = reusable->first;
        unused_.erase(reusable);
        return block;
    }
    if (!can_promise(0, bytes)) release_unused_locked();
    check_available(bytes);
    std::byte* block = heap_.allocate(bytes, os::page_bytes());
    if (block == nullptr && !unused_.empty()) {
        release_unused_locked();
        block = heap_.allocate(bytes, os::page_bytes());
    }
    if (block == nullptr)
        throw SystemError("allocate", fmt::format("a volume of {} bytes", bytes),
                          std::make_error_code(std::errc::not_enough_memory),
                          fmt::format("{} bytes of address space are reserved for volumes", mapping_.size()));
    return block;
}

Arena::Balance Arena::balance(std::size_t reused) const {
    std::uint64_t unused = 0;
    for (const auto& [block_bytes, block] : unused_) unused += block_bytes;
    unused -= reused;
    const std::uint64_t live = live_bytes_ + reused;
    const std::uint64_t populated = populated_bytes();
    const std::uint64_t touched = populated > unused ? populated - unused : 0;
    // Volumes that were made but not yet written will want their pages too.
    return {os::available_memory(), live > touched ? live - touched : 0};
}

bool Arena::can_promise(std::size_t reused, std::size_t fresh) const {
    const auto [available, promised] = balance(reused);
    return !available || fresh + promised <= *available;
}

void Arena::check_available(std::size_t bytes) const {
    const auto [available, promised] = balance(0);
    if (available && bytes + promised > *available)
        throw SystemError("allocate", fmt::format("a volume of {:.2f} GB", static_cast<double>(bytes) / 1e9),
                          std::make_error_code(std::errc::not_enough_memory),
                          fmt::format("{:.2f} GB are available, {:.2f} GB of them promised to other volumes",
                                      static_cast<double>(*available) / 1e9, static_cast<double>(promised) / 1e9));
}

void Arena::close_in_this_process() {
    closed_ = true;
    os::protect(range(), os::Access::read);
}

void Arena::recycle(std::span<std::byte> block) noexcept {
    if (closed_ || !is_ours()) return;  // the book-keeping is the host's
    const std::lock_guard lock(mutex_);
    live_bytes_ -= block.size();
    try {
        unused_.emplace(block.size(), block.data());
    } catch (const std::bad_alloc&) {
        os::discard(block);
        heap_.deallocate(block.data());
    }
}

void Arena::release_unused() {
    if (!is_ours()) return;
    const std::lock_guard lock(mutex_);
    release_unused_locked();
}

void Arena::release_unused_locked() noexcept {
    for (const auto& [bytes, block] : unused_) {
        os::discard({block, bytes});
        heap_.deallocate(block);
    }
    unused_.clear();
}

std::size_t Arena::unused_bytes() const {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    for (const auto& [block_bytes, block] : unused_) bytes += block_bytes;
    return bytes;
}

std::uint64_t Arena::populated_bytes() const { return os::allocated_bytes(file_.get()); }

}  // namespace slicepool
