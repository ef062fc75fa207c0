// current_slice.hpp: for code that runs inside a slice and wants to know which one.
// Set by the worker loop; nothing here changes a run.
#pragma once

#include <cstdint>

namespace slicepool {

/// The index along the run's axis of the slice that the calling thread is computing, or -1 outside of a run. In a thread
/// that the function started by itself it is -1 too.
[[nodiscard]] std::int64_t current_slice() noexcept;

}  // namespace slicepool
