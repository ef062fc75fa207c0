// extended_line.hpp: which pixel of a line stands at a position beyond its ends.
// No pixels and no constants: where the filter's cval belongs, the answer is kConstantPixel.
#pragma once

#include <cstdint>

#include <slicepool/filters/boundary.hpp>

namespace slicepool::filters {

inline constexpr std::int64_t kConstantPixel = -1;

/// The index in 0 ... length - 1 of the pixel seen at `position` of the extended line, any position; length >= 1.
/// As scipy.ndimage's NI_ExtendLine lays it out.
[[nodiscard]] constexpr std::int64_t extended_index(std::int64_t position, std::int64_t length,
                                                    Boundary mode) noexcept {
    if (position >= 0 && position < length) return position;
    const auto modulo = [position](std::int64_t period) {
        const std::int64_t rest = position % period;
        return rest < 0 ? rest + period : rest;
    };
    switch (mode) {
        case Boundary::constant: return kConstantPixel;
        case Boundary::wrap: return modulo(length);
        case Boundary::reflect: {
            const std::int64_t phase = modulo(2 * length);
            return phase < length ? phase : 2 * length - 1 - phase;
        }
        case Boundary::mirror: {
            if (length == 1) return 0;
            const std::int64_t phase = modulo(2 * length - 2);
            return phase < length ? phase : 2 * length - 2 - phase;
        }
        case Boundary::nearest: break;
    }
    return position < 0 ? 0 : length - 1;
}

}  // namespace slicepool::filters
