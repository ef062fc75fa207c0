// Copying pixels between slices, whatever their strides.
#include "memory/copy_pixels.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "support/catch.hpp"

using namespace slicepool;

namespace {

/// One dimension of a strided slice in a buffer, in pixels.
struct Strided {
    std::int64_t offset;
    std::int64_t row;
    std::int64_t column;
};

template <class T>
Slice slice_in(std::vector<T>& buffer, const Strided& s, SliceShape shape) {
    constexpr auto size = static_cast<std::int64_t>(sizeof(T));
    return {reinterpret_cast<std::byte*>(buffer.data() + s.offset), dtype_of<T>, shape, s.row * size, s.column * size};
}

}  // namespace

TEMPLATE_TEST_CASE("pixels arrive where the strides say, and no other byte changes", "[memory][copy]", std::uint8_t,
                   std::uint16_t, std::int16_t, std::int32_t, float, double) {
    const SliceShape shape = GENERATE(SliceShape{1, 1}, SliceShape{1, 7}, SliceShape{7, 1}, SliceShape{5, 3},
                                      SliceShape{0, 3}, SliceShape{3, 0});
    // Contiguous, padded rows, transposed, every other pixel, backwards.
    const auto layouts = [&] {
        return std::vector<Strided>{{0, shape.columns, 1}, {3, shape.columns + 4, 1},
                                    {1, 1, shape.rows},    {2, 3 * shape.columns, 2},
                                    {160, -20, -2},        {160, -20, 1}};
    }();
    for (const Strided& from : layouts)
        for (const Strided& to : layouts) {
            std::vector<TestType> source(200);
            for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<TestType>(i % 100 + 1);
            std::vector<TestType> target(200, TestType{0});
            copy_pixels(slice_in(source, from, shape), slice_in(target, to, shape));
            std::vector<TestType> expected(200, TestType{0});
            for (std::int64_t row = 0; row < shape.rows; ++row)
                for (std::int64_t column = 0; column < shape.columns; ++column)
                    expected[static_cast<std::size_t>(to.offset + row * to.row + column * to.column)] =
                        source[static_cast<std::size_t>(from.offset + row * from.row + column * from.column)];
            const bool same = target == expected;
            CHECK(same);
        }
}
