// fresnel_rows.hpp: the kernel of the Fresnel filter for dim 1, where every row is filtered by itself.
// What rows are multiplied by is made in fresnel_response.hpp; dim 2 is in fresnel_plane.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <slicepool/filters/fresnel.hpp>

namespace slicepool::filters {

/// A kernel for slices of `shape` (neither extent 0), and the bytes it needs at most, also while it is made.
[[nodiscard]] std::unique_ptr<SliceKernel> make_row_kernel(const FresnelParameters& parameters, SliceShape shape);
[[nodiscard]] std::size_t row_kernel_bytes(const FresnelParameters& parameters, SliceShape shape);

}  // namespace slicepool::filters
