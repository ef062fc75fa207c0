// gaussian_weights.hpp: the taps of a sampled, truncated Gaussian, as scipy.ndimage computes them.
// Nothing about images.
#pragma once

#include <cstdint>
#include <vector>

namespace slicepool::filters {

/// Weights of the taps at distance 0, 1, ... radius (the kernel is symmetric); all 2 * radius + 1 of them sum to 1.
/// sigma > 0. The sum is made in NumPy's pairwise order, so that the weights are scipy's to the last bit where exp()
/// is.
[[nodiscard]] std::vector<double> gaussian_weights(double sigma, std::int64_t radius);

}  // namespace slicepool::filters
