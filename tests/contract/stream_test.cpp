// Results one by one while the loop goes on, and runs in the background.

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <slicepool/pool/pending.hpp>
#include <slicepool/pool/result_stream.hpp>

#include "support/every_backend.hpp"
#include "support/leaves_nothing.hpp"
#include "support/messages.hpp"
#include "support/shared_counters.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

TEST_CASE("an ordered stream hands out every result in the order of the items", "[contract][stream]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the ordered stream");
    Options options{.n_jobs = 3, .backend = SLICEPOOL_EVERY_BACKEND};
    if (const int window = GENERATE(0, 1, 5); window > 0) options.window = window;
    const auto uneven = [](int i) {
        if (i % 7 == 0) std::this_thread::sleep_for(500us);
        return std::string(static_cast<std::size_t>(i % 50), 'x');
    };
    std::int64_t expected = 0;
    for (auto& [index, value] : parallel_ordered(uneven, range(300), options)) {
        REQUIRE(index == expected);
        CHECK(value.size() == static_cast<std::size_t>(index % 50));
        ++expected;
    }
    CHECK(expected == 300);
}

TEST_CASE("an unordered stream hands out every result once", "[contract][stream]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the unordered stream");
    const Options options{.n_jobs = 3, .backend = SLICEPOOL_EVERY_BACKEND};
    std::vector<int> seen(500);
    auto stream = parallel_unordered([](int i) { return 3 * i; }, range(500), options);
    for (auto& [index, value] : stream) {
        CHECK(value == 3 * index);
        ++seen[static_cast<std::size_t>(index)];
    }
    CHECK(seen == std::vector<int>(500, 1));
    CHECK(stream.report().ok());
    CHECK(stream.report().total() == 500);
}

TEST_CASE("an unordered stream does not wait for the slow ones", "[contract][stream]") {
    const Watchdog watchdog("the stream with a slow call");
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const SharedCounters released(1);
    const auto function = [&](int i) {
        while (i == 0 && released[0] == 0) std::this_thread::sleep_for(1ms);
        return i;
    };
    std::vector<std::int64_t> order;
    for (auto& [index, value] : parallel_unordered(function, range(20), {.n_jobs = 2, .backend = backend})) {
        CHECK(value == index);
        order.push_back(index);
        if (order.size() == 19) released[0] = 1;
    }
    REQUIRE(order.size() == 20);
    CHECK(order.back() == 0);
}

TEST_CASE("no more calls are begun than the window allows, however slow the taker", "[contract][stream]") {
    const Watchdog watchdog("the slow taker");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const SharedCounters begun(1);
    auto stream = parallel_ordered(
        [&](int i) {
            ++begun[0];
            return i;
        },
        range(10'000), {.n_jobs = 2, .backend = backend, .window = 8});
    for (std::int64_t taken = 1; taken <= 20; ++taken) {
        REQUIRE(stream.next());
        if (taken % 5 == 0) std::this_thread::sleep_for(10ms);
        CHECK(begun[0] <= taken + 8);
    }
    stream.cancel();
    const Report& report = stream.report();
    CHECK(report.interrupted);
    CHECK(report.count(SliceStatus::done) <= 20 + 8 + 8);
}

TEST_CASE("a stream that is left early cancels the rest", "[contract][stream]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the stream left early");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const SharedCounters begun(1);
    int taken = 0;
    for (auto& [index, value] : parallel_unordered(
             [&](int i) {
                 ++begun[0];
                 std::this_thread::sleep_for(1ms);
                 return i;
             },
             range(100'000), {.n_jobs = 2, .backend = backend})) {
        CHECK(value == index);
        if (++taken == 5) break;
    }
    CHECK(begun[0] < 1000);
}

TEST_CASE("calls that fail have no element in a stream, and are in its report", "[contract][stream]") {
    const Watchdog watchdog("the stream with failures");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    auto stream = parallel_ordered(
        [](int i) {
            if (i % 10 == 3) throw std::runtime_error("three");
            return i;
        },
        range(40), {.n_jobs = 2, .backend = backend, .window = 4});
    std::vector<std::int64_t> indices;
    while (const auto result = stream.next()) indices.push_back(result->index);
    CHECK(indices.size() == 36);
    CHECK(std::ranges::is_sorted(indices));
    CHECK(stream.report().failures().size() == 4);
    CHECK(missing_in(message_of<SliceError>([&] { stream.report().raise(); }), {"call 3: failed(three)"}) == "");
}

TEST_CASE("what keeps a stream from beginning is thrown where results are taken", "[contract][stream]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    auto stream = parallel_ordered([](int i) { return i; }, range(4), {.n_jobs = 0, .backend = backend});
    CHECK(missing_in(message_of<InvalidArgument>([&] { static_cast<void>(stream.next()); }), {"n_jobs 0"}) == "");
    CHECK(missing_in(message_of<InvalidArgument>([&] {
                         static_cast<void>(
                             parallel_ordered([](int i) { return i; }, range(4), {.backend = backend, .window = 0}));
                     }),
                     {"window 0"}) == "");
}

TEST_CASE("progress of a stream is told to whoever takes its results", "[contract][stream]") {
    const Watchdog watchdog("the stream with progress");
    Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    const auto taker = std::this_thread::get_id();
    bool elsewhere = false;
    Progress last;
    options.progress_interval = 2ms;
    options.progress = [&](const Progress& progress) {
        elsewhere = elsewhere || std::this_thread::get_id() != taker;
        last = progress;
    };
    auto stream = parallel_unordered(
        [](int i) {
            std::this_thread::sleep_for(1ms);
            return i;
        },
        range(50), options);
    while (stream.next()) {
    }
    CHECK_FALSE(elsewhere);
    CHECK(last.done == 50);
}

TEST_CASE("a pool's streams use its workers", "[contract][stream][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the streams on a pool");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    for (int round = 0; round < 4; ++round) {
        std::int64_t expected = 0;
        for (auto& [index, value] : pool.parallel_ordered([round](int i) { return i + round; }, range(50))) {
            CHECK(index == expected);
            CHECK(value == expected + round);
            if (++expected == 20 && round % 2 == 1) break;
        }
        CHECK(pool.parallel([](int i) { return i; }, range(3)) == std::vector<int>{0, 1, 2});
    }
}

TEST_CASE("a run in the background is waited for, and gives its outcome", "[contract][pending]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run in the background");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const SharedCounters released(1);
    auto pending = submit(
        [&](const Options& options) {
            return parallel(
                [&](int i) {
                    while (released[0] == 0) std::this_thread::sleep_for(1ms);
                    return 2 * i;
                },
                range(10), options);
        },
        {.n_jobs = 2, .backend = backend});
    CHECK_FALSE(pending.wait_for(20ms));
    CHECK_FALSE(pending.is_ready());
    released[0] = 1;
    pending.wait();
    CHECK(pending.is_ready());
    CHECK(pending.get()[9] == 18);
}

TEST_CASE("a run in the background can be cancelled, and throws what it would have thrown", "[contract][pending]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the cancelled run");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto slow = [](const Options& options) {
        return try_parallel(
            [](int i) {
                std::this_thread::sleep_for(1ms);
                return i;
            },
            range(1'000'000), options);
    };
    auto pending = submit(slow, {.n_jobs = 2, .backend = backend});
    CHECK_FALSE(pending.wait_for(10ms));
    pending.cancel();
    CHECK(pending.get().report.interrupted);

    { const auto dropped = submit(slow, {.n_jobs = 2, .backend = backend}); }  // going, it cancels

    std::stop_source source;  // the caller's own token counts too
    auto stopped = submit(slow, {.n_jobs = 2, .backend = backend, .stop_token = source.get_token()});
    source.request_stop();
    CHECK(stopped.get().report.interrupted);

    auto refused = submit([](const Options& options) { return parallel([](int) {}, range(3), options); },
                          {.n_jobs = 0, .backend = backend});
    CHECK(missing_in(message_of<InvalidArgument>([&] { static_cast<void>(refused.get()); }), {"n_jobs 0"}) == "");
}

TEST_CASE("runs from several threads on one pool take turns, and none is lost", "[contract][pending][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the pool with many hosts");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    const auto volume = numbered_volume<float>({8, 4, 4});
    std::vector<Pending<std::vector<int>>> loops;
    std::vector<Pending<Report>> slices;
    std::vector<Volume<float>> outputs;
    for (int run = 0; run < 6; ++run) {
        loops.push_back(submit([&pool, run](const Options& options) {
            return pool.parallel([run](int i) { return run * 1000 + i; }, range(100), options);
        }));
        outputs.push_back(constant_volume<float>(volume.shape(), 0));
        slices.push_back(submit([&pool, volume, output = outputs.back()](const Options& options) {
            return pool.process_slices(
                volume, output, [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; }, options);
        }));
    }
    for (int run = 0; run < 6; ++run) {
        CHECK(loops[static_cast<std::size_t>(run)].get()[99] == run * 1000 + 99);
        CHECK(slices[static_cast<std::size_t>(run)].get().ok());
        CHECK(outputs[static_cast<std::size_t>(run)](7, 3, 3) == 2 * volume(7, 3, 3));
    }
}
