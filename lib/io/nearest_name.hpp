// nearest_name.hpp: which of the names there are was probably meant.
// Spelling only; nothing here knows what the names stand for.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace slicepool::io {

/// The name that takes the fewest insertions, deletions and replacements of characters to make from `wanted`
/// (Levenshtein's distance); the first of several. Empty when even that takes more than a third of its characters.
[[nodiscard]] std::string nearest_name(std::string_view wanted, std::span<const std::string> names);

}  // namespace slicepool::io
