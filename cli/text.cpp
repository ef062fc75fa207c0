#include "text.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace slicepool::cli {
namespace {

std::string three_digits(double value) {
    const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
    return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

std::string bytes_text(double bytes) {
    constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
        bytes /= 1000;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{} {}", three_digits(bytes), kUnits[unit]);
}

std::string seconds_text(double seconds) {
    return seconds < 0.1 ? three_digits(1e3 * seconds) + " ms" : three_digits(seconds) + " s";
}

std::string rate_text(double rate) {
    const int decimals = rate < 1 ? 2 : rate < 10 ? 1 : 0;
    return fmt::format("{:.{}f}", rate, decimals);
}

std::string count_text(std::int64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace slicepool::cli
