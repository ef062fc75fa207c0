// Parallel loops: results of any kind in the order of the loops, on every backend, whatever the workers do.

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <slicepool/core/current_slice.hpp>
#include <slicepool/pool/parallel.hpp>

#include "support/every_backend.hpp"
#include "support/leaves_nothing.hpp"
#include "support/messages.hpp"
#include "support/shared_counters.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

TEST_CASE("nested loops give their results in loop order, the last one fastest", "[contract][parallel]") {
    const LeavesNothing promise;
    const Options options{.n_jobs = 4, .backend = SLICEPOOL_EVERY_BACKEND};
    const auto pair = [](int i, int j) { return std::pair{i, j}; };
    using Pairs = std::vector<std::pair<int, int>>;
    CHECK(parallel(pair, product(range(0, 2), range(2, 4)), options) == Pairs{{0, 2}, {0, 3}, {1, 2}, {1, 3}});

    const auto number = [](int i, int j, int k) { return 100 * i + 10 * j + k; };
    std::vector<int> expected;
    for (int i = 0; i < 3; ++i)
        for (int j = 5; j > 1; j -= 2)
            for (int k = 0; k < 7; k += 3) expected.push_back(number(i, j, k));
    CHECK(parallel(number, product(range(3), range(5, 1, -2), range(0, 7, 3)), options) == expected);
}

#if !defined(__SANITIZE_THREAD__)  // it has no working runtime in forked processes
TEST_CASE("several ranges are nested loops, on processes without further options", "[contract][parallel]") {
    CHECK(parallel([](int i, int j) { return 10 * i + j; }, range(2), range(3)) ==
          std::vector<int>{0, 1, 2, 10, 11, 12});
}
#endif

TEST_CASE("results of any size and kind come back as they were returned", "[contract][parallel]") {
    const Options options{.n_jobs = 3, .backend = SLICEPOOL_EVERY_BACKEND};
    using Everything = std::tuple<std::string, std::vector<std::vector<double>>, std::optional<std::array<short, 3>>>;
    const auto make = [](int i) {
        Everything made;
        std::get<0>(made).assign(static_cast<std::size_t>(i) * 997, static_cast<char>('a' + i % 26));
        for (int row = 0; row < i % 5; ++row) std::get<1>(made).emplace_back(static_cast<std::size_t>(i), 0.5 * row);
        if (i % 3 == 0) std::get<2>(made) = {static_cast<short>(i), 2, 3};
        return made;
    };
    const std::vector<Everything> results = parallel(make, range(60), options);
    REQUIRE(results.size() == 60);
    for (int i = 0; i < 60; ++i) CHECK(results[static_cast<std::size_t>(i)] == make(i));

    // Far more than the memory between worker and host holds at a time.
    const auto large = parallel([](int i) { return std::vector<int>(3'000'000, i); }, range(3), options);
    for (int i = 0; i < 3; ++i) CHECK(large[static_cast<std::size_t>(i)] == std::vector<int>(3'000'000, i));
}

TEST_CASE("a loop runs over containers, and captures anything", "[contract][parallel]") {
    const Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    const std::vector<std::string> names{"a", "bb", "ccc", "dddd"};
    const std::vector<std::size_t> offsets{100, 200};
    const std::string suffix = "!";
    const auto length = [&](const std::string& name, std::size_t offset) { return (name + suffix).size() + offset; };
    CHECK(parallel(length, product(names, offsets), options) ==
          std::vector<std::size_t>{102, 202, 103, 203, 104, 204, 105, 205});
    CHECK(parallel([&](const std::string& name) { return name + suffix; }, names, options) ==
          std::vector<std::string>{"a!", "bb!", "ccc!", "dddd!"});
}

TEST_CASE("a function that returns nothing is called once for each item", "[contract][parallel]") {
    const Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    const SharedCounters calls(50);
    const Report report = parallel([&](int i) { ++calls[static_cast<std::size_t>(i)]; }, range(50), options);
    CHECK(report.ok());
    CHECK(report.item == "call");
    CHECK(report.total() == 50);
    CHECK(report.count(SliceStatus::done) == 50);
    CHECK(report.slices.empty());  // nothing out of the ordinary to list
    for (std::size_t i = 0; i < 50; ++i) CHECK(calls[i] == 1);
}

TEST_CASE("a loop over nothing is done at once", "[contract][parallel]") {
    const Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    CHECK(parallel([](int i) { return i; }, range(5, 5), options).empty());
    CHECK(parallel([](int) {}, range(0), options).ok());
    CHECK(parallel([](int i, int) { return i; }, product(range(5), range(0)), options).empty());
}

TEST_CASE("of several exceptions the one of lowest index is thrown, and all are in the report",
          "[contract][parallel]") {
    const LeavesNothing promise;
    const Options options{.n_jobs = 3, .backend = SLICEPOOL_EVERY_BACKEND};
    const auto function = [](int i) {
        if (i == 3) std::this_thread::sleep_for(30ms);  // the first to be begun is the last to throw
        if (i == 3 || i == 11) throw std::invalid_argument("no " + std::to_string(i) + " today");
        if (i == 20) throw 20;
        return 2 * i;
    };
    CHECK(message_of<SliceError>([&] { parallel(function, range(30), options); }) ==
          "call 3: failed(no 3 today) (after 1 attempt)");

    const Results<int> results = try_parallel(function, range(30), options);
    CHECK_FALSE(results.report.ok());
    CHECK(results.report.count(SliceStatus::done) == 27);
    const auto failures = results.report.failures();
    REQUIRE(failures.size() == 3);
    CHECK(failures[0].index == 3);
    CHECK(failures[0].seconds >= 0.03);
    CHECK(failures[1].index == 11);
    CHECK(describe(failures[1].causes.at(0)) == "failed(no 11 today)");
    CHECK(failures[1].causes.at(0).type == "std::invalid_argument");
    CHECK(failures[2].index == 20);
    CHECK(describe(failures[2].causes.at(0)) == "failed(an exception that is no std::exception)");
    CHECK(failures[2].causes.at(0).type == "int");
    for (int i = 0; i < 30; ++i) {
        const auto& value = results.values[static_cast<std::size_t>(i)];
        const bool fails = i == 3 || i == 11 || i == 20;
        CHECK(value.has_value() == !fails);
        if (value) CHECK(*value == 2 * i);
    }
}

TEST_CASE("a long text of a failure arrives whole", "[contract][parallel]") {
    const Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    const std::string text(100'000, 'x');
    const auto results = try_parallel([&](int) -> int { throw std::runtime_error(text); }, range(5), options);
    for (const SliceOutcome& failure : results.report.failures()) CHECK(failure.causes.at(0).text == text);
    CHECK(results.report.failures().size() == 5);
}

TEST_CASE("with abort no call is begun after the first failure", "[contract][parallel]") {
    const Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND, .chunk = 5, .on_failure = OnFailure::abort};
    const auto results = try_parallel(
        [](int i) {
            if (i == 7) throw std::runtime_error("seven");
            std::this_thread::sleep_for(1ms);
            return i;
        },
        range(10'000), options);
    CHECK(results.report.failures().size() == 1);
    CHECK(results.report.count(SliceStatus::not_run) > 9'000);
    CHECK(results.report.total() == 10'000);
    CHECK(results.report.unlisted_not_run == results.report.count(SliceStatus::not_run));
}

TEST_CASE("a stop token ends a loop truthfully, in the middle of a chunk too", "[contract][parallel]") {
    const Watchdog watchdog("the stopped loop");
    const Options base{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND, .chunk = 100'000};
    std::stop_source source;
    Options options = base;
    options.stop_token = source.get_token();
    const SharedCounters begun(1);
    std::jthread stopper([&] {
        while (begun[0] < 10) std::this_thread::sleep_for(1ms);
        source.request_stop();
    });
    const auto results = try_parallel(
        [&](int i) {
            ++begun[0];
            std::this_thread::sleep_for(1ms);
            return i;
        },
        range(100'000), options);
    CHECK(results.report.interrupted);
    const std::int64_t done = results.report.count(SliceStatus::done);
    CHECK(done >= 10);
    CHECK(done + results.report.count(SliceStatus::not_run) == 100'000);
    std::int64_t values = 0;
    for (const auto& value : results.values) values += value ? 1 : 0;
    CHECK(values == done);
    CHECK(missing_in(message_of<Interrupted>([&] { results.report.require_ok(); }),
                     {"interrupted: ", " of 100000 calls were not run"}) == "");
}

TEST_CASE("any size of chunk gives the same results", "[contract][parallel]") {
    Options options{.n_jobs = 3, .backend = SLICEPOOL_EVERY_BACKEND};
    const std::int64_t chunk = GENERATE(0, 1, 7, 1000, 100'000);
    if (chunk > 0) options.chunk = chunk;
    const auto results = parallel([](int i) { return i; }, range(10'007), options);
    REQUIRE(results.size() == 10'007);
    for (int i = 0; i < 10'007; ++i)
        if (results[static_cast<std::size_t>(i)] != i) FAIL("result " << i);
}

TEST_CASE("bad options of a loop are refused before the first call", "[contract][parallel]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const SharedCounters calls(1);
    const auto refusal = [&](Options options) {
        options.backend = backend;
        return message_of<InvalidArgument>([&] { parallel([&](int) { ++calls[0]; }, range(5), options); });
    };
    CHECK(missing_in(refusal({.n_jobs = 0}), {"n_jobs 0"}) == "");
    CHECK(missing_in(refusal({.chunk = 0}), {"chunk 0", "at least 1"}) == "");
    CHECK(missing_in(refusal({.chunk = -3}), {"chunk -3"}) == "");
    CHECK(missing_in(refusal({.max_attempts = 0}), {"max_attempts 0"}) == "");
    CHECK(calls[0] == 0);
}

TEST_CASE("each worker has a state of its own, kept from call to call and destroyed at the end",
          "[contract][parallel]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    enum : std::size_t { made, destroyed };
    const SharedCounters counters(2);
    struct State {
        const SharedCounters& counters;
        int calls = 0;
        explicit State(const SharedCounters& shared) : counters(shared) { ++counters[made]; }
        ~State() { ++counters[destroyed]; }
        State(const State&) = delete;
        State& operator=(const State&) = delete;
    };
    const auto counts =
        parallel(with_state([&] { return State(counters); }, [](State& state, int) { return ++state.calls; }),
                 range(200), {.n_jobs = 2, .backend = backend, .chunk = 10});
    CHECK(counters[made] >= 1);
    CHECK(counters[made] <= 2);
    CHECK(counters[destroyed] == counters[made]);
    std::int64_t first_calls = 0;
    for (const int count : counts) first_calls += count == 1;
    CHECK(first_calls == counters[made]);  // nobody shares one
}

TEST_CASE("a state that cannot be made fails the call at hand, and the next one tries again", "[contract][parallel]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const SharedCounters tries(1);
    const auto results = try_parallel(with_state(
                                          [&]() -> int {
                                              if (++tries[0] <= 2) throw std::runtime_error("no table");
                                              return 5;
                                          },
                                          [](const int& state, int i) { return state + i; }),
                                      range(20), {.n_jobs = 2, .backend = backend});
    CHECK(results.report.failures().size() == 2);
    for (const SliceOutcome& failure : results.report.failures()) CHECK(failure.causes.at(0).text == "no table");
    CHECK(results.report.count(SliceStatus::done) == 18);
}

TEST_CASE("a function knows the number of its call", "[contract][parallel]") {
    const Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    const auto results = parallel([](int) { return current_slice(); }, range(100, 140), options);
    for (std::int64_t i = 0; i < 40; ++i) CHECK(results[static_cast<std::size_t>(i)] == i);
    CHECK(current_slice() == -1);
}

TEST_CASE("a loop on a pool keeps the pool's workers", "[contract][parallel][pool]") {
    const LeavesNothing promise;
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    for (int round = 0; round < 5; ++round) {
        const auto results =
            pool.parallel([round](int i, int j) { return 100 * round + 10 * i + j; }, product(range(4), range(3)));
        REQUIRE(results.size() == 12);
        CHECK(results[5] == 100 * round + 12);
        const auto input = numbered_volume<float>({5, 6, 7});
        const auto output = constant_volume<float>(input.shape(), 0);
        CHECK(
            pool.process_slices(input, output, [](SliceView<const float> in, SliceView<float> out) { out = in; }).ok());
        CHECK(differing_pixels(input, output) == 0);
    }
    const Report report = pool.try_parallel([](int) {}, range(10));
    for (const WorkerLife& life : report.workers) CHECK(life.birth_seconds <= 0);
    CHECK(pool.parallel_reduce([](int i) { return i; }, range(101), 0, [](int a, int b) { return a + b; }) == 5050);
}

TEST_CASE("a loop on a pool of processes reads volumes that are younger than the pool", "[contract][parallel][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    const auto volume = numbered_volume<float>({6, 5, 4});
    const float* const pixels = volume.data();
    const auto sums = pool.parallel(
        [pixels](int z) {
            float sum = 0;
            for (int i = 0; i < 20; ++i) sum += pixels[20 * z + i];
            return sum;
        },
        range(6));
    for (int z = 0; z < 6; ++z) CHECK(sums[static_cast<std::size_t>(z)] == volume.slice(0, z).sum());
}

TEST_CASE("a sum of many numbers has the same bits for any number of workers", "[contract][parallel][reduce]") {
    const auto term = [](int i) { return 1.0 / (1.0 + i); };
    const auto add = [](double a, double b) { return a + b; };
    const int items = GENERATE(0, 1, 1000, 1024, 1025, 100'003);
    const double reference = parallel_reduce(term, range(items), 0.5, add, {.backend = Backend::serial});
    if (items <= 1024) {
        double plain = 0.5;
        for (int i = 0; i < items; ++i) plain += term(i);
        CHECK(reference == plain);
    }
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    for (const int jobs : {1, 2, 5})
        CHECK(parallel_reduce(term, range(items), 0.5, add, {.n_jobs = jobs, .backend = backend}) == reference);
}

TEST_CASE("a fold keeps the order of items that do not commute", "[contract][parallel][reduce]") {
    const Options options{.n_jobs = 3, .backend = SLICEPOOL_EVERY_BACKEND};
    const std::string text = parallel_reduce(
        [](int i) { return std::string(1, static_cast<char>('a' + i % 26)); }, range(5000), std::string(">"),
        [](std::string a, const std::string& b) { return std::move(a) + b; }, options);
    REQUIRE(text.size() == 5001);
    for (int i = 0; i < 5000; ++i)
        if (text[static_cast<std::size_t>(i) + 1] != static_cast<char>('a' + i % 26)) FAIL("letter " << i);
    CHECK(missing_in(message_of<SliceError>([&] {
                         static_cast<void>(parallel_reduce(
                             [](int i) {
                                 if (i == 4321) throw std::runtime_error("bad");
                                 return i;
                             },
                             range(5000), 0, [](int a, int b) { return a + b; }, options));
                     }),
                     {"item 4321: bad"}) == "");
}

TEST_CASE("the slowest calls are in the report, the slowest first", "[contract][parallel]") {
    const Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    const Report report = parallel(
        [](int i) {
            if (i == 30) std::this_thread::sleep_for(40ms);
            if (i == 7) std::this_thread::sleep_for(20ms);
        },
        range(100), options);
    REQUIRE(report.slowest.size() == 10);
    CHECK(report.slowest[0].index == 30);
    CHECK(report.slowest[0].seconds >= 0.04);
    CHECK(report.slowest[1].index == 7);
}

TEST_CASE("progress of a loop is told in the caller's thread, up to the last call", "[contract][parallel]") {
    Options options{.n_jobs = 2, .backend = SLICEPOOL_EVERY_BACKEND};
    const auto caller = std::this_thread::get_id();
    bool elsewhere = false;
    std::vector<Progress> seen;
    options.progress_interval = 5ms;
    options.progress = [&](const Progress& progress) {
        elsewhere = elsewhere || std::this_thread::get_id() != caller;
        seen.push_back(progress);
    };
    parallel([](int) { std::this_thread::sleep_for(1ms); }, range(100), options);
    CHECK_FALSE(elsewhere);
    REQUIRE(seen.size() >= 2);
    CHECK(seen.front().done < 100);
    CHECK(seen.back().done == 100);
    CHECK(seen.back().total == 100);
}
