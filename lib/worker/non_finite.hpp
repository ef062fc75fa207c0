// non_finite.hpp: looks for NaN and infinity in a slice that was just computed.
// What follows from finding one is the caller's.
#pragma once

#include <slicepool/core/slice.hpp>

#include <string>

namespace slicepool {

/// Names the first pixel that is NaN or infinite, "pixel (3, 7) is nan"; empty when there is none, as with integers.
[[nodiscard]] std::string first_non_finite(const ConstSlice& slice);

}  // namespace slicepool
