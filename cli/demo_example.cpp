#include "demo_example.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace slicepool::cli {
namespace {

/// Numbers the floats in ascending order without gaps; -0 and +0 are one.
std::int64_t place_of(float value) noexcept {
    const auto bits = std::bit_cast<std::int32_t>(value);
    return bits >= 0 ? bits : std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits;
}

std::int64_t ulps_apart(float a, float b) noexcept {
    if (std::isnan(a) || std::isnan(b))
        return std::isnan(a) && std::isnan(b) ? 0 : std::numeric_limits<std::int64_t>::max();
    return std::abs(place_of(a) - place_of(b));
}

}  // namespace

Volume<float> make_demo_volume(const DemoSize& size) {
    auto volume = Volume<float>::create(size.shape);
    std::memset(volume.data(), 0, volume.any().bytes());
    for (std::int64_t z = size.block_rows[0]; z < size.block_rows[1]; ++z)
        for (std::int64_t y = 0; y < size.shape.height; ++y)
            for (std::int64_t x = size.block_columns[0]; x < size.block_columns[1]; ++x)
                volume(z, y, x) = static_cast<float>(y);
    return volume;
}

bool same_bits(const Volume<float>& a, const Volume<float>& b) {
    return std::memcmp(a.data(), b.data(), a.any().bytes()) == 0;
}

Volume<float> copy_slice(const Volume<float>& volume, std::int64_t index) {
    const Slice slice = volume.any().slice(kDemoAxis, index);
    return Volume<float>::adopt(reinterpret_cast<const float*>(slice.data), {1, slice.shape.rows, slice.shape.columns},
                                {slice.shape.rows * slice.row_stride, slice.row_stride, slice.column_stride});
}

UlpDifference ulp_difference(const Volume<float>& a, const Volume<float>& b) {
    UlpDifference difference{.pixels = a.shape().count()};
    for (std::int64_t z = 0; z < a.shape().depth; ++z)
        for (std::int64_t y = 0; y < a.shape().height; ++y)
            for (std::int64_t x = 0; x < a.shape().width; ++x) {
                const std::int64_t ulps = ulps_apart(a(z, y, x), b(z, y, x));
                difference.largest = std::max(difference.largest, ulps);
                if (ulps > 0) ++difference.different_pixels;
            }
    return difference;
}

}  // namespace slicepool::cli
