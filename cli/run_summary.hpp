// run_summary.hpp: the last lines of `slicepool run`: how fast it was, and which slices are missing.
// The whole story is in the report; this is what fits on a screen.
#pragma once

#include <cstddef>
#include <string>

#include <slicepool/core/report.hpp>

namespace slicepool::cli {

/// "16 slices in 0.41 s on 2 processes (39 slices/s, 2.34 GB/s), peak 1.93 GB"; "15 of 16 slices ..." when some are not
/// done. `input_bytes` is what the slices hold.
[[nodiscard]] std::string speed_text(const Report& report, std::size_t input_bytes);

/// "1 worker died and was replaced; its slice was done again", or empty when none died.
[[nodiscard]] std::string deaths_text(const Report& report);

/// One line for each slice that is not done, at most ten, then "and N more"; each ends with a line feed.
[[nodiscard]] std::string missing_text(const Report& report);

}  // namespace slicepool::cli
