#include "io/array_facts.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace slicepool::io {
namespace {

/// Extents of 0 count as 1: the strides along the other axes must fit as well.
bool fits(const ArrayFacts& facts) {
    std::int64_t room = (std::int64_t{1} << 62) / static_cast<std::int64_t>(size_of(*facts.dtype));
    for (const std::int64_t extent : facts.shape) room /= std::max<std::int64_t>(extent, 1);
    return room > 0;
}

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& shape) {
    return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

std::string objection(const ArrayFacts& facts) {
    if (facts.shape.size() != 3)
        return fmt::format("holds {} {}; a volume has 3 dimensions",
                           facts.shape.empty() ? "a scalar" : fmt::format("a {}-D array", facts.shape.size()),
                           shape_text(facts.shape));
    if (!facts.dtype)
        return fmt::format("holds values of type {}; the pixels of a volume are of type {}", facts.type_name,
                           kTypesTaken);
    if (std::ranges::any_of(facts.shape, [](std::int64_t extent) { return extent < 0; }) || !fits(facts))
        return fmt::format("has shape {}, which is larger than any address space", shape_text(facts.shape));
    return {};
}

Shape shape_of(const ArrayFacts& facts) { return {facts.shape[0], facts.shape[1], facts.shape[2]}; }

}  // namespace slicepool::io
