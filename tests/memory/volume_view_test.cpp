// Views: cropped, stepped, negative, empty and nested ranges against plain index arithmetic, and overlap.
#include <slicepool/memory/volume.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;

namespace {

Volume<std::int32_t> numbered(const Shape& shape) {
    const auto volume = Volume<std::int32_t>::create(shape);
    for (std::int64_t i = 0; i < shape.count(); ++i) volume.data()[i] = static_cast<std::int32_t>(i);
    return volume;
}

/// Python's range(extent)[start:stop:step], by its definition.
std::vector<std::int64_t> indices(const AxisRange& range, std::int64_t extent) {
    const auto clamp = [&](std::int64_t index) {
        return std::clamp<std::int64_t>(index < 0 ? index + extent : index, 0, extent);
    };
    std::vector<std::int64_t> list;
    const std::int64_t stop = clamp(range.stop.value_or(extent));
    for (std::int64_t index = clamp(range.start.value_or(0)); index < stop; index += range.step) list.push_back(index);
    return list;
}

using Indices = std::array<std::vector<std::int64_t>, 3>;

/// Pixels of `view` that are not those of `whole` at the indices given, or -1 when the shapes differ.
std::int64_t wrong_pixels(const Volume<std::int32_t>& view, const Volume<std::int32_t>& whole, const Indices& at) {
    for (int axis = 0; axis < 3; ++axis)
        if (view.shape()[axis] != static_cast<std::int64_t>(at[static_cast<std::size_t>(axis)].size())) return -1;
    std::int64_t wrong = 0;
    for (std::size_t z = 0; z < at[0].size(); ++z)
        for (std::size_t y = 0; y < at[1].size(); ++y)
            for (std::size_t x = 0; x < at[2].size(); ++x)
                wrong += &view(static_cast<std::int64_t>(z), static_cast<std::int64_t>(y),
                               static_cast<std::int64_t>(x)) != &whole(at[0][z], at[1][y], at[2][x]);
    return wrong;
}

}  // namespace

TEST_CASE("a view shows the pixels Python's slice would, without copying", "[memory][view]") {
    const Shape shape{7, 5, 11};
    const auto whole = numbered(shape);
    const AxisRange range = GENERATE(
        AxisRange{}, AxisRange{2, {}, 1}, AxisRange{{}, 3, 1}, AxisRange{1, 4, 1}, AxisRange{0, 5, 2},
        AxisRange{1, {}, 3}, AxisRange{-3, {}, 1}, AxisRange{{}, -2, 1}, AxisRange{-4, -1, 2}, AxisRange{-100, 100, 1},
        AxisRange{3, 3, 1}, AxisRange{4, 2, 1}, AxisRange{100, 200, 1}, AxisRange{0, 1, 100});
    for (int axis = 0; axis < 3; ++axis) {
        std::array<AxisRange, 3> ranges{};
        ranges[static_cast<std::size_t>(axis)] = range;
        const auto view = whole.view(ranges[0], ranges[1], ranges[2]);
        const Indices at{indices(ranges[0], 7), indices(ranges[1], 5), indices(ranges[2], 11)};
        CHECK(wrong_pixels(view, whole, at) == 0);
        CHECK(view.any().storage() == whole.any().storage());
    }
}

TEST_CASE("views of views compose, on all axes at once", "[memory][view]") {
    const Shape shape{13, 11, 17};
    const auto whole = numbered(shape);
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto pick = [&](std::int64_t extent) {
        const auto number = [&] {
            return static_cast<std::int64_t>(random() % static_cast<unsigned>(2 * extent + 3)) - extent - 1;
        };
        AxisRange range;
        if (random() % 3 != 0) range.start = number();
        if (random() % 3 != 0) range.stop = number();
        range.step = 1 + static_cast<std::int64_t>(random() % 4);
        return range;
    };
    for (int round = 0; round < 300; ++round) {
        auto view = whole;
        Indices at;
        for (int axis = 0; axis < 3; ++axis) at[static_cast<std::size_t>(axis)] = indices({}, shape[axis]);
        for (int depth = 0; depth < 3; ++depth) {
            std::array<AxisRange, 3> ranges;
            for (int axis = 0; axis < 3; ++axis) {
                auto& list = at[static_cast<std::size_t>(axis)];
                auto& range = ranges[static_cast<std::size_t>(axis)] = pick(static_cast<std::int64_t>(list.size()));
                std::vector<std::int64_t> kept;
                for (const std::int64_t index : indices(range, static_cast<std::int64_t>(list.size())))
                    kept.push_back(list[static_cast<std::size_t>(index)]);
                list = kept;
            }
            view = view.view(ranges[0], ranges[1], ranges[2]);
            REQUIRE(wrong_pixels(view, whole, at) == 0);
        }
    }
}

TEST_CASE("slices of a view are slices of the whole, cropped", "[memory][view]") {
    const auto whole = numbered({7, 5, 11});
    const auto view = whole.view({1, 7, 2}, {-3, {}, 1}, {2, 10, 3});
    REQUIRE(view.shape() == Shape{3, 3, 3});
    for (std::int64_t i = 0; i < 3; ++i)
        for (std::int64_t j = 0; j < 3; ++j)
            for (std::int64_t k = 0; k < 3; ++k) {
                const std::int32_t expected = whole(1 + 2 * i, 2 + j, 2 + 3 * k);
                CHECK(view.slice(0, i)(j, k) == expected);
                CHECK(view.slice(1, j)(i, k) == expected);
                CHECK(view.slice(2, k)(i, j) == expected);
            }
    view.slice(0, 0).setZero();
    CHECK(whole(1, 2, 2) == 0);
    CHECK(whole(0, 2, 2) != 0);
}

TEST_CASE("a step below one is refused, a huge one takes the first pixel", "[memory][view]") {
    const auto whole = numbered({7, 5, 11});
    CHECK(test::missing_in(test::message_of<InvalidArgument>([&] {
                               static_cast<void>(whole.view({0, 7, 0}, {}, {}));
                           }),
                           {"step 0"}) == "");
    CHECK_THROWS_AS(whole.view({}, {0, 5, -1}, {}), InvalidArgument);
    constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
    CHECK(whole.view({0, {}, kHuge}, {1, {}, kHuge}, {2, {}, kHuge - 1}).shape() == Shape{1, 1, 1});
    CHECK(whole.view({}, {}, {kHuge, kHuge, 1}).shape() == Shape{7, 5, 0});
    CHECK(whole.view({}, {}, {std::numeric_limits<std::int64_t>::min(), kHuge, 1}).shape() == Shape{7, 5, 11});
}

TEST_CASE("views overlap when their extents in one volume meet", "[memory][view]") {
    const auto whole = numbered({8, 6, 4});
    const auto other = numbered({8, 6, 4});
    CHECK(overlap(whole, whole));
    CHECK_FALSE(overlap(whole, other));
    CHECK_FALSE(overlap(whole.view({0, 4, 1}, {}, {}), whole.view({4, 8, 1}, {}, {})));
    CHECK(overlap(whole.view({0, 5, 1}, {}, {}), whole.view({4, 8, 1}, {}, {})));
    CHECK(overlap(whole, whole.view({7, 8, 1}, {5, 6, 1}, {3, 4, 1})));
    CHECK_FALSE(overlap(whole.view({0, 0, 1}, {}, {}), whole));
    CHECK_FALSE(overlap(AnyVolume(), AnyVolume()));
    // Interleaved slices share no pixel but lie between each other: to be on the safe side they count.
    CHECK(overlap(whole.view({0, {}, 2}, {}, {}), whole.view({1, {}, 2}, {}, {})));
}
