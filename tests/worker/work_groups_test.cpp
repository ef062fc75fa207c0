// Groups of neighbouring slices, gathered and scattered in tiles: the pixels are those of the slices one by one.
#include "worker/work.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "support/catch.hpp"
#include "worker/workshop.hpp"

using namespace slicepool;
using slicepool::test::FloatFilter;
using slicepool::test::Workshop;

namespace {

/// Looks at neighbours, so that a wrong place in the tile shows: each pixel plus 1000 times its left neighbour.
const FloatFilter kNeighbours([](SliceView<const float> in, SliceView<float> out) {
    for (Eigen::Index row = 0; row < in.rows(); ++row)
        for (Eigen::Index column = 0; column < in.cols(); ++column)
            out(row, column) = in(row, column) + (column == 0 ? 0.5F : 3 * in(row, column - 1));
});

bool same_pixels(const Volume<float>& a, const Volume<float>& b) {
    return std::equal(a.data(), a.data() + a.shape().count(), b.data());
}

}  // namespace

TEST_CASE("groups give the pixels that single slices give, whatever the sizes", "[worker][group]") {
    const std::int64_t width = GENERATE(1, 2, 15, 16, 17, 31, 37);
    const TaskGrouping grouping = GENERATE(TaskGrouping{16, 0}, TaskGrouping{16, 5}, TaskGrouping{16, 15},
                                           TaskGrouping{2, 1}, TaskGrouping{7, 3});
    const Shape shape{3, 67, width};
    Workshop direct(shape, 2, kNeighbours);
    direct.work_to_the_end();
    Workshop grouped(shape, 2, kNeighbours, grouping);
    grouped.work_to_the_end();
    CHECK(same_pixels(direct.output, grouped.output));
    CHECK(grouped.mailbox.slices_done == width);
    CHECK(grouped.ledger().count().done == grouping.task_count(width));
    for (std::int64_t index = 0; index < width; ++index) CHECK(grouped.state(index) == RecordState::done);
}

TEST_CASE("groups work along every axis and with steps between the slices", "[worker][group]") {
    const int axis = GENERATE(0, 1, 2);
    const SliceSelection slices = GENERATE(SliceSelection{0, 1, 13}, SliceSelection{1, 2, 6}, SliceSelection{4, 3, 3});
    const Shape shape{13, 13, 13};
    Workshop direct(shape, axis, kNeighbours);
    direct.order.slices = slices;
    direct.reset();
    direct.work_to_the_end();
    Workshop grouped(shape, axis, kNeighbours, {4, 1});
    grouped.order.slices = slices;
    grouped.reset();
    grouped.work_to_the_end();
    CHECK(same_pixels(direct.output, grouped.output));
}

TEST_CASE("random groups give the pixels that single slices give", "[worker][group]") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto number = [&](int from, int to) {
        return static_cast<std::int64_t>(from + static_cast<int>(random() % static_cast<unsigned>(to - from + 1)));
    };
    for (int round = 0; round < 40; ++round) {
        const Shape shape{number(1, 9), number(1, 130), number(1, 50)};
        const TaskGrouping grouping{number(2, 20), number(0, 1)};
        Workshop direct(shape, 2, kNeighbours);
        direct.work_to_the_end();
        Workshop grouped(shape, 2, kNeighbours, grouping);
        grouped.work_to_the_end();
        INFO("shape " << to_string(shape) << ", group " << grouping.group << ", head " << grouping.head);
        REQUIRE(same_pixels(direct.output, grouped.output));
    }
}

TEST_CASE("a slice that fails in a group leaves its neighbours right", "[worker][group]") {
    const Shape shape{3, 5, 37};
    const FloatFilter one_bad([](SliceView<const float> in, SliceView<float> out) {
        out.setConstant(-7);
        if (in(0, 0) == 19) throw std::runtime_error("slice 19");
        out = 2 * in;
    });
    Workshop shop(shape, 2, one_bad, {16, 0});
    shop.work_to_the_end();
    for (std::int64_t index = 0; index < 37; ++index) {
        if (index == 19) continue;
        CHECK(shop.wrong_pixels(index, [](float pixel) { return 2 * pixel; }) == 0);
        CHECK(shop.state(index) == RecordState::done);
    }
    CHECK(shop.state(19) == RecordState::failed);
    CHECK(shop.message(19) == "slice 19");
    CHECK(shop.mailbox.slices_done == 36);
}

TEST_CASE("in a group that comes back, slices closed or failed are passed over and the others done",
          "[worker][group][crash]") {
    Workshop shop({3, 5, 8}, 2, FloatFilter([](SliceView<const float> in, SliceView<float> out) {
                      if (in(0, 0) == 2 || in(0, 0) == 5) throw std::runtime_error("it should have been passed over");
                      out = 2 * in;
                  }),
                  {8, 0});
    shop.records[0].state = RecordState::done;  // in the tile of a worker that died: not in the volume
    shop.records[2].state = RecordState::closed;
    shop.records[5].state = RecordState::failed;
    shop.work_to_the_end();
    for (const std::int64_t index : {0, 1, 3, 4, 6, 7})
        CHECK(shop.wrong_pixels(index, [](float pixel) { return 2 * pixel; }) == 0);
    CHECK(shop.state(2) == RecordState::closed);
    CHECK(shop.message(5).empty());
    CHECK(shop.mailbox.slices_done == 6);
}

TEST_CASE("the first failure in a group that is to be aborted leaves whole slices behind", "[worker][group]") {
    Workshop shop({3, 5, 12}, 2, FloatFilter([](SliceView<const float> in, SliceView<float> out) {
                      if (in(0, 0) == 1) throw std::runtime_error("first");
                      out = 2 * in;
                  }),
                  {4, 0});
    shop.order.abort_on_failure = true;
    shop.work_to_the_end();
    CHECK(shop.stop == 1);
    for (std::int64_t index = 0; index < 12; ++index)
        if (shop.state(index) == RecordState::done)
            CHECK(shop.wrong_pixels(index, [](float pixel) { return 2 * pixel; }) == 0);
    CHECK(shop.ledger().count().waiting == 2);
    CHECK(shop.ledger().count().done == 1);
}

TEST_CASE("tiles are as large as announced, and none without groups", "[worker][group]") {
    Workshop shop({3, 5, 37}, 2, kNeighbours, {16, 3});
    CHECK(tile_bytes(shop.order) >= 2 * 16 * 3 * 5 * sizeof(float));
    CHECK(tile_bytes(shop.order) <= 2 * 16 * 3 * 5 * sizeof(float) + 128);
    shop.order.inputs[0].tiled = false;
    shop.order.outputs[0].tiled = false;
    CHECK(tile_bytes(shop.order) == 0);
}
