// slice_range.hpp: the text of --slices, start:stop:step with NumPy's meaning, and the slices it selects.
#pragma once

#include <cstdint>
#include <string_view>

#include <slicepool/io/input.hpp>

namespace slicepool::cli {

/// "10:200:2", "-3:", "::4"; what is left out has NumPy's default. Throws InvalidArgument for anything else, also for a
/// step below 1.
[[nodiscard]] AxisRange parse_slice_range(std::string_view text);

/// The part of a volume a range selects along an axis.
struct SelectedSlices {
    AnyVolume volume;  ///< a view
    std::int64_t first = 0;
    std::int64_t step = 1;

    /// Where slice `position` of the view stands in the whole volume.
    [[nodiscard]] std::int64_t index(std::int64_t position) const noexcept { return first + position * step; }
};

/// `axis` is 0, 1 or 2. Throws InvalidArgument when the range selects nothing.
[[nodiscard]] SelectedSlices select_slices(const AnyVolume& volume, int axis, const AxisRange& range);

}  // namespace slicepool::cli
