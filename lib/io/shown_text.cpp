#include "io/shown_text.hpp"

#include <algorithm>

namespace slicepool::io {

std::string shown_text(std::string_view text) {
    constexpr std::size_t kLongest = 40;
    std::string clean(text.substr(0, kLongest));
    std::ranges::replace_if(
        clean, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text.size() > kLongest ? clean + "..." : clean;
}

}  // namespace slicepool::io
