// terminal.hpp: the standard streams: whether somebody is watching standard error, and how wide the window is.
// What is shown there is decided elsewhere (cli/, report/).
#pragma once

#include <string_view>

namespace slicepool::os {

/// True when standard error is a terminal on which a line can be overwritten (TERM is not "dumb").
[[nodiscard]] bool standard_error_is_terminal() noexcept;

/// Columns of the terminal behind standard error; 80 when it does not say. Changes when the window does.
[[nodiscard]] int terminal_columns() noexcept;

/// Writes to standard error what it takes at once, past stdio and its lock, and drops the rest: for what must not wait
/// until somebody reads.
void write_without_waiting(std::string_view text) noexcept;

/// Opens the standard streams that the program was started without, on /dev/null: or the first file it opens would get
/// the number of one, and what is printed would land in it. For a program of its own, before it opens anything.
void open_missing_standard_streams() noexcept;

}  // namespace slicepool::os
