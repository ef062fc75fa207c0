// populate.hpp: brings the pages behind a slice into memory before it is written.
// An optimisation and a safety net: without it the same pages come one fault at a time, and a machine out of memory
// shows as a kill instead of an error.
#pragma once

#include "memory/pixel_map.hpp"

#include <system_error>

namespace slicepool {

/// Allocates and maps the pages of slice `index` along `axis` for writing. Rows shorter than a page are left to the
/// faults. Returns the system's error when there is no memory. Safe from any worker that may write the slice.
[[nodiscard]] std::error_code populate_for_writing(const PixelMap& volume, int axis, std::int64_t index) noexcept;

}  // namespace slicepool
