// text.hpp: quantities as people read them.
// Not for programs: rounded, and without a fixed number of digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slicepool::cli {

/// "17 B", "927 kB", "1.92 GB": three digits, powers of 1000.
[[nodiscard]] std::string bytes_text(double bytes);
/// "27.3 ms", "0.41 s", "12.3 s", "125 s".
[[nodiscard]] std::string seconds_text(double seconds);
/// A rate without its unit: "39", "2.5", "0.33".
[[nodiscard]] std::string rate_text(double rate);
/// "1 slice", "16 slices".
[[nodiscard]] std::string count_text(std::int64_t count, std::string_view noun);

}  // namespace slicepool::cli
