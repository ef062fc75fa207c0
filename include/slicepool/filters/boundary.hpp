// boundary.hpp: what a filter sees beyond the edge of a slice, by scipy.ndimage's names.
// No pixels here: how a filter reads beyond an edge is its own business.
#pragma once

#include <cstdint>
#include <string_view>

namespace slicepool::filters {

/// The picture shows a line "a b c d" between its extensions; an extension longer than the line goes on periodically.
enum class Boundary : std::uint8_t {
    reflect,   ///< d c b a | a b c d | d c b a   (numpy.pad calls it "symmetric")
    nearest,   ///< a a a a | a b c d | d d d d   (numpy.pad: "edge")
    wrap,      ///< a b c d | a b c d | a b c d
    mirror,    ///< d c b | a b c d | c b a       (numpy.pad: "reflect"); a line of one pixel is extended as `nearest`
    constant,  ///< k k k k | a b c d | k k k k   with k the filter's `cval`, in every pass anew
};

/// scipy's name, e.g. "reflect".
[[nodiscard]] std::string_view name_of(Boundary mode) noexcept;

/// The inverse; also takes scipy's aliases "grid-mirror" (reflect), "grid-wrap" (wrap) and "grid-constant" (constant),
/// which mean the same here. Throws InvalidArgument, listing the names.
[[nodiscard]] Boundary parse_boundary(std::string_view name);

/// One mode for both axes of a slice, or one for each: `.mode = Boundary::wrap`,
/// `.mode = {Boundary::reflect, Boundary::wrap}`.
struct AxisBoundaries {
    Boundary rows = Boundary::reflect;     ///< along the row axis: above the first row and below the last
    Boundary columns = Boundary::reflect;  ///< along the column axis: left of the first column and right of the last

    constexpr AxisBoundaries() = default;
    constexpr AxisBoundaries(Boundary both) : rows(both), columns(both) {}  // NOLINT(google-explicit-constructor)
    constexpr AxisBoundaries(Boundary along_rows, Boundary along_columns) : rows(along_rows), columns(along_columns) {}
    friend constexpr bool operator==(const AxisBoundaries&, const AxisBoundaries&) = default;
};

}  // namespace slicepool::filters
