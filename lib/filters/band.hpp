// band.hpp: the transposed form in which separable filters hold a few rows between their two passes.
// Only the layout; who fills and reads it is the filters' business.
#pragma once

namespace slicepool::filters {

/// Rows in a band at most; a machine with fewer lanes takes half as many and leaves the rest of each slot unused.
inline constexpr int kBandRows = 8;

/// One column of a band: the pixels of its rows as double, a vector (or two) for the second pass.
struct alignas(64) BandSlot {
    double rows[kBandRows];
};

}  // namespace slicepool::filters
