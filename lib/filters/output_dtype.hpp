// output_dtype.hpp: the rule shared by the neighbourhood filters about the pixel types they can produce.
// No conversion of pixels here.
#pragma once

#include <string_view>

#include <slicepool/core/dtype.hpp>

namespace slicepool::filters {

/// Throws InvalidArgument, naming the filter and both types, unless `wish` is float32, float64 or `input` itself.
void check_output_dtype(std::string_view filter, DType input, DType wish);

}  // namespace slicepool::filters
