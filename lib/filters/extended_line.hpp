// extended_line.hpp: which pixel of a line stands at a position beyond its ends.
// No pixels and no constants: where the filter's cval belongs, the answer is kConstantPixel.
#pragma once

#include <cstdint>

#include <slicepool/core/beyond.hpp>
#include <slicepool/filters/boundary.hpp>

namespace slicepool::filters {

inline constexpr std::int64_t kConstantPixel = -1;

/// The index in 0 ... length - 1 of the pixel seen at `position` of the extended line, any position; length >= 1.
[[nodiscard]] constexpr std::int64_t extended_index(std::int64_t position, std::int64_t length,
                                                    Boundary mode) noexcept {
    switch (mode) {
        case Boundary::constant: return position >= 0 && position < length ? position : kConstantPixel;
        case Boundary::reflect: return index_within(position, length, Beyond::reflect);
        case Boundary::mirror: return index_within(position, length, Beyond::mirror);
        case Boundary::wrap: return index_within(position, length, Beyond::wrap);
        case Boundary::nearest: break;
    }
    return index_within(position, length, Beyond::nearest);
}

}  // namespace slicepool::filters
