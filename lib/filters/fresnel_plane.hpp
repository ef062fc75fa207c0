// fresnel_plane.hpp: the kernel of the Fresnel filter for dim 2, where rows and columns are filtered together.
// For dim 1 see fresnel_rows.hpp, which is much cheaper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <slicepool/filters/fresnel.hpp>

namespace slicepool::filters {

/// A kernel for slices of `shape` (neither extent 0), and the bytes it needs at most, also while it is made.
[[nodiscard]] std::unique_ptr<SliceKernel> make_plane_kernel(const FresnelParameters& parameters, SliceShape shape);
[[nodiscard]] std::size_t plane_kernel_bytes(const FresnelParameters& parameters, SliceShape shape);

}  // namespace slicepool::filters
