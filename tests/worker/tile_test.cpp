// Tiles: every pixel type and stride arrives whole, and nothing beside the group is touched.
#include "worker/tile.hpp"

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

#include <slicepool/memory/volume.hpp>

using namespace slicepool;

TEMPLATE_TEST_CASE("what is gathered is scattered back to the same places, of every type and axis", "[worker][tile]",
                   std::uint8_t, std::uint16_t, std::int16_t, std::int32_t, float, double) {
    const int axis = GENERATE(0, 1, 2);
    const SliceSelection slices = GENERATE(SliceSelection{0, 1, 5}, SliceSelection{1, 2, 3});
    const Shape shape{6, 7, 131};
    const auto source = Volume<TestType>::create(shape);
    const auto target = Volume<TestType>::create(shape);
    for (std::int64_t i = 0; i < shape.count(); ++i) {
        source.data()[i] = static_cast<TestType>(i % 120 + 1);
        target.data()[i] = 0;
    }
    const TaskGrouping::Range positions{1, 3};
    const SliceShape slice = slice_shape(shape, axis);
    std::vector<TestType> memory(static_cast<std::size_t>(2 * slice.count()));
    const Tile tile{reinterpret_cast<std::byte*>(memory.data()), dtype_of<TestType>, slice};

    gather(PixelMap(source), axis, slices, positions, tile);
    for (std::int64_t position = 1; position < 3; ++position) {
        const auto expected = source.slice(axis, slices.index(position));
        const auto gathered = tile.slice(position - 1).template as<TestType>();
        CHECK((gathered == expected).all());
    }

    scatter(tile, PixelMap(target), axis, slices, positions);
    for (std::int64_t index = 0; index < shape[axis]; ++index) {
        const bool in_group = index == slices.index(1) || index == slices.index(2);
        const auto now = target.slice(axis, index);
        if (in_group)
            CHECK((now == source.slice(axis, index)).all());
        else
            CHECK((now == TestType{0}).all());
    }
}

TEST_CASE("a tile of slices without pixels moves nothing", "[worker][tile]") {
    const auto volume = Volume<float>::create({4, 0, 5});
    const Tile tile{nullptr, DType::f32, slice_shape(volume.shape(), 2)};
    gather(PixelMap(volume), 2, {0, 1, 5}, {0, 5}, tile);
    scatter(tile, PixelMap(volume), 2, {0, 1, 5}, {0, 5});
    CHECK(tile.slice_bytes() == 0);
}
