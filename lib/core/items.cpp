#include <slicepool/core/items.hpp>

#include <slicepool/core/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace slicepool::detail {

void refuse_range(std::string_view start, std::string_view stop, std::string_view step, std::string_view reason) {
    throw InvalidArgument(fmt::format("range({}, {}, {}): {}", start, stop, step, reason));
}

void refuse_item_count() {
    throw InvalidArgument(fmt::format("there are more than {} items, the most that can be counted", kMostItems));
}

std::int64_t multiply_counts(std::span<const std::int64_t> counts) {
    if (std::ranges::find(counts, 0) != counts.end()) return 0;  // however large the others are
    std::int64_t product = 1;
    for (const std::int64_t count : counts) {
        if (product > static_cast<std::int64_t>(kMostItems) / count)
            throw InvalidArgument(fmt::format("a product of {} items has more than {}, the most that can be counted",
                                              fmt::join(counts, " x "), kMostItems));
        product *= count;
    }
    return product;
}

}  // namespace slicepool::detail
