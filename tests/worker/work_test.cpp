// The worker's loop: claim, compute, commit, and what an exception costs.
#include "worker/work.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "worker/workshop.hpp"

using namespace slicepool;
using slicepool::test::FloatFilter;
using slicepool::test::Workshop;

namespace {

float twice(float pixel) { return 2 * pixel; }
const FloatFilter kTwice([](SliceView<const float> in, SliceView<float> out) { out = 2 * in; });

/// Doubles, but throws for the slice that holds the pixel `culprit`.
FloatFilter throws_at(float culprit, std::function<void()> deed) {
    return FloatFilter([culprit, deed](SliceView<const float> in, SliceView<float> out) {
        out.setConstant(-7);
        if ((in == culprit).any()) deed();
        out = 2 * in;
    });
}

}  // namespace

TEST_CASE("a worker does every slice along any axis", "[worker]") {
    const int axis = GENERATE(0, 1, 2);
    const Shape shape{3, 5, 7};
    Workshop shop(shape, axis, kTwice);
    shop.work_to_the_end();
    for (std::int64_t index = 0; index < shape[axis]; ++index) {
        CHECK(shop.wrong_pixels(index, twice) == 0);
        CHECK(shop.state(index) == RecordState::done);
        CHECK(shop.records[static_cast<std::size_t>(index)].worker == 3);
        CHECK(shop.records[static_cast<std::size_t>(index)].seconds >= 0);
    }
    CHECK(shop.ledger().count().done == shape[axis]);
    CHECK(shop.mailbox.slices_done == shape[axis]);
    CHECK(shop.mailbox.slices_failed == 0);
    CHECK(shop.mailbox.slice == -1);
    CHECK(shop.mailbox.first_claim_ns != 0);
    CHECK(shop.mailbox.busy_ns > 0);
}

TEST_CASE("a worker does the slices selected and leaves the others alone", "[worker]") {
    Workshop shop({11, 2, 3}, 0, kTwice);
    shop.order.slices = {2, 3, 3};
    shop.reset();
    shop.work_to_the_end();
    for (std::int64_t index = 0; index < 11; ++index) {
        if (index == 2 || index == 5 || index == 8)
            CHECK(shop.wrong_pixels(index, twice) == 0);
        else
            CHECK(shop.is_untouched(index));
    }
}

TEST_CASE("a worker without tasks leaves at once and prepares nothing", "[worker]") {
    Workshop shop({0, 2, 3}, 0, FloatFilter([](auto, auto) {}, [] { throw std::runtime_error("nobody asked"); }));
    shop.work_to_the_end();
    CHECK(shop.mailbox.first_claim_ns == 0);
    CHECK(shop.mailbox.busy_ns == 0);
}

TEST_CASE("slices of no pixels are done", "[worker]") {
    Workshop shop({4, 0, 3}, 0, kTwice);
    shop.order.outputs[0].populate = true;
    shop.work_to_the_end();
    CHECK(shop.ledger().count().done == 4);
}

TEST_CASE("an exception fails its slice and no other, with its text", "[worker]") {
    Workshop shop({5, 2, 3}, 0, throws_at(14, [] { throw std::invalid_argument("bad value in row 0"); }));
    shop.work_to_the_end();
    for (std::int64_t index = 0; index < 5; ++index) {
        if (index == 2) continue;
        CHECK(shop.state(index) == RecordState::done);
        CHECK(shop.wrong_pixels(index, twice) == 0);
    }
    CHECK(shop.state(2) == RecordState::failed);
    CHECK(shop.message(2) == "bad value in row 0");
    CHECK(shop.failure(2).type == "std::invalid_argument");
    CHECK(shop.mailbox.slices_failed == 1);
    CHECK(shop.mailbox.slices_done == 4);
    CHECK(shop.mailbox.slice == -1);
    CHECK(shop.ledger().count().done == 5);  // the tasks are settled, whatever became of the slices
}

TEST_CASE("an exception that is no std::exception, or has no text, fails its slice like any other", "[worker]") {
    Workshop number({3, 1, 2}, 0,
                    throws_at(2, [] { throw 42; }));  // NOLINT(hicpp-exception-baseclass): that is the point
    number.work_to_the_end();
    CHECK(number.state(1) == RecordState::failed);
    CHECK(number.message(1).find("no std::exception") != std::string_view::npos);
    CHECK(number.failure(1).type == "int");
    CHECK(number.state(2) == RecordState::done);

    Workshop silent({3, 1, 2}, 0, throws_at(2, [] { throw std::runtime_error(""); }));
    silent.work_to_the_end();
    CHECK(silent.state(1) == RecordState::failed);
    CHECK_FALSE(silent.message(1).empty());
}

TEST_CASE("of a type with a very long name the beginning is kept, and the text", "[worker]") {
    using Deep =
        std::array<std::array<std::array<std::array<std::array<std::array<std::array<int, 1>, 1>, 1>, 1>, 1>, 1>, 1>;
    Workshop shop({1, 1, 1}, 0, FloatFilter([](auto, auto) { throw Deep(); }));
    shop.work_to_the_end();
    CHECK(shop.failure(0).type.substr(0, 16) == "std::array<std::");
    CHECK(shop.failure(0).type.size() == 100);
    CHECK(shop.message(0) == "an exception that is no std::exception");
}

TEST_CASE("a very long text is kept in part", "[worker]") {
    Workshop shop({1, 1, 1}, 0, FloatFilter([](auto, auto) { throw std::runtime_error(std::string(100'000, 'x')); }));
    shop.work_to_the_end();
    CHECK(shop.state(0) == RecordState::failed);
    CHECK(shop.message(0).substr(0, 100) == std::string(100, 'x'));
}

TEST_CASE("a filter that cannot be prepared fails every slice, each with the reason", "[worker]") {
    Workshop shop({3, 2, 2}, 0, FloatFilter([](auto, auto) {}, [] { throw std::runtime_error("no table"); }));
    shop.work_to_the_end();
    for (std::int64_t index = 0; index < 3; ++index) {
        CHECK(shop.state(index) == RecordState::failed);
        CHECK(shop.message(index) == "no table");
        CHECK(shop.is_untouched(index));
    }
    CHECK(shop.mailbox.slices_failed == 3);
    CHECK(shop.ledger().count().done == 3);
}

TEST_CASE("a filter is prepared once for all slices of a worker", "[worker]") {
    int preparations = 0;
    Workshop shop({7, 1, 1}, 0, FloatFilter([](auto in, auto out) { out = in; }, [&] { ++preparations; }));
    shop.work_to_the_end();
    CHECK(preparations == 1);
}

TEST_CASE("a worker that is told to stop claims no more and keeps what it has done", "[worker]") {
    Workshop* shop_inside = nullptr;
    Workshop shop({5, 1, 2}, 0, FloatFilter([&](SliceView<const float> in, SliceView<float> out) {
                      out = 2 * in;
                      if (in(0, 0) == 4) shop_inside->stop = 1;
                  }));
    shop_inside = &shop;
    shop.work_to_the_end();
    CHECK(shop.ledger().count().done == 3);
    CHECK(shop.ledger().count().waiting == 2);
    CHECK(shop.wrong_pixels(2, twice) == 0);
    CHECK(shop.is_untouched(3));
    CHECK(shop.state(3) == RecordState::open);
}

TEST_CASE("a worker asks before each claim whether to go on", "[worker]") {
    Workshop shop({5, 1, 2}, 0, kTwice);
    int asked = 0;
    shop.work_while([&] { return ++asked <= 2; });
    CHECK(asked == 3);
    CHECK(shop.ledger().count().done == 2);
    CHECK(shop.ledger().count().waiting == 3);
    shop.work_to_the_end();
    CHECK(shop.ledger().count().done == 5);
}

TEST_CASE("the first failure stops a run that is to be aborted", "[worker]") {
    Workshop shop({5, 1, 2}, 0, throws_at(2, [] { throw std::runtime_error("first"); }));
    shop.order.abort_on_failure = true;
    shop.work_to_the_end();
    CHECK(shop.stop == 1);
    CHECK(shop.state(0) == RecordState::done);
    CHECK(shop.state(1) == RecordState::failed);
    CHECK(shop.state(2) == RecordState::open);
    CHECK(shop.ledger().count().waiting == 3);
}

TEST_CASE("the mailbox says which slice is in the filter and since when", "[worker]") {
    Workshop* shop_inside = nullptr;
    std::int64_t matches = 0;
    const std::int64_t before = Workshop::now_ns();
    Workshop shop({4, 1, 1}, 0, FloatFilter([&](SliceView<const float> in, SliceView<float>) {
                      matches += shop_inside->mailbox.slice == static_cast<std::int64_t>(in(0, 0));
                      matches += shop_inside->mailbox.slice_start_ns >= before;
                  }));
    shop_inside = &shop;
    shop.work_to_the_end();
    CHECK(matches == 8);
}

TEST_CASE("slices that the supervisor has closed, or that failed before, are passed over", "[worker][crash]") {
    Workshop shop({4, 1, 2}, 0, kTwice);
    shop.records[1].state = RecordState::closed;
    shop.records[2].state = RecordState::failed;
    shop.work_to_the_end();
    CHECK(shop.is_untouched(1));
    CHECK(shop.is_untouched(2));
    CHECK(shop.state(1) == RecordState::closed);
    CHECK(shop.state(2) == RecordState::failed);
    CHECK(shop.wrong_pixels(3, twice) == 0);
    CHECK(shop.ledger().count().done == 4);
    CHECK(shop.mailbox.slices_done == 2);
}

TEST_CASE("a slice that was done by a worker that died before its commit is done again", "[worker][crash]") {
    Workshop shop({2, 1, 2}, 0, kTwice);
    const auto lost = shop.ledger().try_claim({0, 1});
    REQUIRE(lost);
    shop.records[0].state = RecordState::done;
    REQUIRE(shop.ledger().give_back(*lost));
    shop.work_to_the_end();
    CHECK(shop.wrong_pixels(0, twice) == 0);
    CHECK(shop.wrong_pixels(1, twice) == 0);
}

TEST_CASE("the pages of the output may be brought in first; the pixels are the same", "[worker]") {
    const int axis = GENERATE(0, 1, 2);
    Workshop shop({3, 4, 5000}, axis, kTwice);
    shop.order.outputs[0].populate = true;
    shop.order.slices.count = std::min<std::int64_t>(shop.order.slices.count, 10);
    shop.reset();
    shop.work_to_the_end();
    for (std::int64_t index = 0; index < shop.order.slices.count; ++index) CHECK(shop.wrong_pixels(index, twice) == 0);
}
