// shown_text.hpp: text that a stranger wrote, made fit for a message on a terminal.
// For text read from a file; what the user typed is shown as it is.
#pragma once

#include <string>
#include <string_view>

namespace slicepool::io {

/// At most 40 characters of `text`, then "..." where there were more; all but printable ASCII comes out as '?'.
[[nodiscard]] std::string shown_text(std::string_view text);

}  // namespace slicepool::io
