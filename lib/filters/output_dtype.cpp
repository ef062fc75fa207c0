#include "filters/output_dtype.hpp"

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::filters {

void check_output_dtype(std::string_view filter, DType input, DType wish) {
    if (is_floating(wish) || wish == input) return;
    throw InvalidArgument(
        fmt::format("{}: {} pixels cannot become {}: the output is float32, float64 or the input's own type", filter,
                    name_of(input), name_of(wish)));
}

}  // namespace slicepool::filters
