// check_volumes.hpp: whether the volumes of a request fit together: numbers and shapes of slices, pixels shared.
// What a filter makes of them is not known here; see plan.hpp.
#pragma once

#include <slicepool/pool/slice_arguments.hpp>

#include <cstdint>
#include <string>

namespace slicepool {

/// "input" where there is one, else "input 2", counted from 0; likewise for outputs.
[[nodiscard]] std::string name_of_input(const SliceRequest& request, std::size_t number);
[[nodiscard]] std::string name_of_output(const SliceRequest& request, std::size_t number);

/// The axis along which an image to be broadcast is one slice; -1 when it is no image.
[[nodiscard]] int image_axis(const Shape& shape, int axis) noexcept;

/// The number of slices along `axis` (0, 1 or 2). Throws InvalidArgument unless all volumes are there, outputs can be
/// written (also where the caller is a worker), sliced ones have as many slices, and inputs slices of one shape where
/// they have to.
[[nodiscard]] std::int64_t check_volumes(const SliceRequest& request, int axis);

/// Throws InvalidArgument unless every table has a row for each of `selected` slices.
void check_tables(const SliceRequest& request, std::int64_t selected);

/// Whether an output may be an input, pixel for pixel.
enum class InPlace : bool { refused, allowed };

/// Throws InvalidArgument when an output shares pixels with an input, but for what `in_place` allows, or with another
/// output. `why_not` is what the message says of the former.
void check_overlaps(const SliceRequest& request, InPlace in_place, const char* why_not);

}  // namespace slicepool
