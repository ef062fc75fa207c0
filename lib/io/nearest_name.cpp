#include "io/nearest_name.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace slicepool::io {
namespace {

std::size_t edits(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string nearest_name(std::string_view wanted, std::span<const std::string> names) {
    const std::string* nearest = nullptr;
    std::size_t fewest = 0;
    for (const std::string& name : names) {
        const std::size_t longer = std::max(name.size(), wanted.size());
        if (name.size() > wanted.size() * 2 + 3 || wanted.size() > 1024) continue;
        const std::size_t distance = edits(wanted, name);
        if (distance * 3 > longer || (nearest != nullptr && distance >= fewest)) continue;
        nearest = &name;
        fewest = distance;
    }
    return nearest == nullptr ? std::string() : *nearest;
}

}  // namespace slicepool::io
