// demo_example.hpp: the volume of `slicepool demo` and the comparisons of what comes out.
// Nothing is timed or printed here.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <slicepool/io/input.hpp>

namespace slicepool::cli {

inline constexpr int kDemoAxis = 1;
inline constexpr std::array<double, 2> kDemoSigma{3, 5};

/// A volume (z, y, x) of float32 whose slice i along axis 1 is i times an image: 0 but for a block of 1.
struct DemoSize {
    Shape shape;
    std::array<std::int64_t, 2> block_rows;  ///< first, past the last
    std::array<std::int64_t, 2> block_columns;

    [[nodiscard]] double bytes() const noexcept { return 4.0 * static_cast<double>(shape.count()); }
};

inline constexpr DemoSize kFullDemo{{3000, 16, 5000}, {1000, 2000}, {1500, 3500}};
inline constexpr DemoSize kSmallDemo{{600, 16, 1000}, {200, 400}, {300, 700}};

/// Throws SystemError when the machine cannot hold it.
[[nodiscard]] Volume<float> make_demo_volume(const DemoSize& size);

/// True when every pixel of the two is the same bits. The shapes are equal; both are C order.
[[nodiscard]] bool same_bits(const Volume<float>& a, const Volume<float>& b);

/// Slice `index` along axis 1 in a volume of its own, (1, rows, columns).
[[nodiscard]] Volume<float> copy_slice(const Volume<float>& volume, std::int64_t index);

/// How far two images are apart, in units of the last place of a float32.
struct UlpDifference {
    std::int64_t largest = 0;
    std::int64_t different_pixels = 0;
    std::int64_t pixels = 0;
};

/// The shapes are equal. NaN equals NaN, and is as far from a number as can be.
[[nodiscard]] UlpDifference ulp_difference(const Volume<float>& a, const Volume<float>& b);

}  // namespace slicepool::cli
