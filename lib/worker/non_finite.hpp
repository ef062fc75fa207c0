// non_finite.hpp: looks for NaN and infinity in a slice that was just computed.
// What follows from finding one is the caller's.
#pragma once

#include <slicepool/core/slice.hpp>

namespace slicepool {

/// Throws Error naming the first pixel that is NaN or infinite: "output pixel (3, 7) is nan". Integers always pass.
void check_finite(const ConstSlice& slice);

}  // namespace slicepool
