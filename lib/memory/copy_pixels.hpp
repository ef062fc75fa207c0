// copy_pixels.hpp: moves pixels between slices of one type and shape, whatever their strides.
// It converts nothing.
#pragma once

#include <slicepool/core/slice.hpp>

namespace slicepool {

/// Copies `from` to `to`: same dtype and shape, any strides, no overlap. Safe from many threads on disjoint outputs.
void copy_pixels(const ConstSlice& from, const Slice& to) noexcept;

}  // namespace slicepool
