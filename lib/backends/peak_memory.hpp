// peak_memory.hpp: the memory of this process and its workers together, shared pages counted once.
// A sample, not a history; runs take it when all slices are settled and the workers still hold their scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace slicepool {

/// Sum of the proportional set sizes of the calling process and of `workers`, in bytes. Walks every page table:
/// milliseconds per GB.
[[nodiscard]] std::size_t proportional_set_of(std::span<const std::int64_t> workers);

}  // namespace slicepool
