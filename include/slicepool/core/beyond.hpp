// beyond.hpp: what stands beyond the ends of a line of pixels, or of a row of slices.
// Constants have no place here: where there is nothing to index, nothing is asked.
#pragma once

#include <cstdint>

namespace slicepool {

/// What a halo holds beyond the first and the last slice of a volume, by the names of filters::Boundary; or that it ends
/// there. The picture shows slices a b c d between their extensions.
enum class Beyond : std::uint8_t {
    clip,     ///<       | a b c d |          the halo is shorter there
    reflect,  ///< c b a | a b c d | d c b
    nearest,  ///< a a a | a b c d | d d d
    mirror,   ///< d c b | a b c d | c b a    one slice alone is extended as `nearest`
    wrap,     ///< b c d | a b c d | a b c
};

/// Which of `count` >= 1 things stands at `index`, any index, when they are extended: 0 ... count - 1. `clip` is taken as
/// `nearest`. As scipy.ndimage's NI_ExtendLine lays it out.
[[nodiscard]] constexpr std::int64_t index_within(std::int64_t index, std::int64_t count, Beyond beyond) noexcept {
    if (index >= 0 && index < count) return index;
    const auto modulo = [index](std::int64_t period) { return (index % period + period) % period; };
    if (beyond == Beyond::wrap) return modulo(count);
    if (beyond == Beyond::reflect) {
        const std::int64_t phase = modulo(2 * count);
        return phase < count ? phase : 2 * count - 1 - phase;
    }
    if (beyond == Beyond::mirror && count > 1) {
        const std::int64_t phase = modulo(2 * count - 2);
        return phase < count ? phase : 2 * count - 2 - phase;
    }
    return index < 0 ? 0 : count - 1;
}

}  // namespace slicepool
