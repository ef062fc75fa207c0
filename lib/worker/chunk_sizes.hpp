// chunk_sizes.hpp: how many calls make a task.
// Arithmetic only; who does which task is the ledger's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace slicepool {

/// Guided self-scheduling (Polychronopoulos and Kuck, IEEE Trans. Computers C-36, 1987): each chunk is remaining /
/// (2 x workers) calls, so that chunks shrink towards the end and all workers finish together. No chunk is larger than a
/// 64th of a worker's share: long calls whose costs differ are dealt evenly too, and what a crash can undo stays small.
class ChunkSizes {
public:
    /// `fixed`: every chunk has that many calls.
    ChunkSizes(std::int64_t calls, int workers, std::optional<std::int64_t> fixed) noexcept
        : fixed_(fixed),
          divisor_(2 * std::int64_t{workers}),
          largest_(std::max<std::int64_t>(1, calls / (64 * std::int64_t{workers}))) {}

    /// Of the next chunk when `remaining` > 0 calls are left.
    [[nodiscard]] std::int64_t next(std::int64_t remaining) const noexcept {
        if (fixed_) return std::min(*fixed_, remaining);
        return std::clamp<std::int64_t>(remaining / divisor_, 1, largest_);
    }

private:
    std::optional<std::int64_t> fixed_;
    std::int64_t divisor_;
    std::int64_t largest_;
};

}  // namespace slicepool
