// terminal.hpp: the standard streams: whether somebody is watching standard error, and how wide the window is.
// What is shown there is decided elsewhere (cli/, report/).
#pragma once

namespace slicepool::os {

/// True when standard error is a terminal on which a line can be overwritten (TERM is not "dumb").
[[nodiscard]] bool standard_error_is_terminal() noexcept;

/// Columns of the terminal behind standard error; 80 when it does not say. Changes when the window does.
[[nodiscard]] int terminal_columns() noexcept;

/// Opens the standard streams that the program was started without, on /dev/null: or the first file it opens would get
/// the number of one, and what is printed would land in it. For a program of its own, before it opens anything.
void open_missing_standard_streams() noexcept;

}  // namespace slicepool::os
