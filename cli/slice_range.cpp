#include "slice_range.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::cli {
namespace {

std::vector<std::string_view> split_at_colons(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t colon = text.find(':');
        parts.push_back(text.substr(0, colon));
        if (colon == std::string_view::npos) return parts;
        text.remove_prefix(colon + 1);
    }
}

std::optional<std::int64_t> whole_number(std::string_view part, std::string_view text) {
    if (part.empty()) return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || end != part.data() + part.size())
        throw InvalidArgument(fmt::format("--slices {}: '{}' is no whole number; write start:stop:step", text, part));
    return number;
}

std::string alone(std::int64_t slice) { return slice == -1 ? "-1:" : fmt::format("{}:{}", slice, slice + 1); }

std::string range_text(const AxisRange& range) {
    const auto part = [](std::optional<std::int64_t> number) { return number ? fmt::to_string(*number) : ""; };
    return fmt::format("{}:{}:{}", part(range.start), part(range.stop), range.step);
}

}  // namespace

AxisRange parse_slice_range(std::string_view text) {
    const std::vector<std::string_view> parts = split_at_colons(text);
    if (parts.size() == 1) {
        const std::int64_t slice = std::max(whole_number(text, text).value_or(7), std::int64_t{-1});
        throw InvalidArgument(
            fmt::format("--slices {}: write start:stop:step; slice {} alone is {}", text, slice, alone(slice)));
    }
    if (parts.size() > 3) throw InvalidArgument(fmt::format("--slices {}: write start:stop:step", text));
    AxisRange range{whole_number(parts[0], text), whole_number(parts[1], text), 1};
    if (parts.size() == 3) range.step = whole_number(parts[2], text).value_or(1);
    if (range.step < 1)
        throw InvalidArgument(
            fmt::format("--slices {}: step {} is below 1; slices are taken in ascending order", text, range.step));
    return range;
}

SelectedSlices select_slices(const AnyVolume& volume, int axis, const AxisRange& range) {
    const std::int64_t count = volume.shape()[axis];
    const auto resolve = [count](std::int64_t index) {
        return std::clamp(index < 0 ? index + count : index, std::int64_t{0}, count);
    };
    const std::int64_t first = resolve(range.start.value_or(0));
    const std::int64_t last = resolve(range.stop.value_or(count));
    if (first >= last)
        throw InvalidArgument(
            fmt::format("--slices {} selects none of the {} slices along axis {}", range_text(range), count, axis));
    const AxisRange all;
    const AxisRange some{first, last, range.step};
    return {volume.view(axis == 0 ? some : all, axis == 1 ? some : all, axis == 2 ? some : all), first, range.step};
}

}  // namespace slicepool::cli
