// core_share_test.cpp: how many cores a worker has: calls of slicepool in a function take its share for the machine.

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <slicepool/core/core_share.hpp>
#include <slicepool/core/current_slice.hpp>
#include <slicepool/core/defaults.hpp>
#include <slicepool/core/error.hpp>
#include <slicepool/pool/parallel.hpp>
#include <slicepool/pool/pending.hpp>
#include <slicepool/pool/result_stream.hpp>

#include "os/machine.hpp"
#include "support/every_backend.hpp"
#include "support/messages.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

/// 0 outside of workers.
int share() { return core_share().value_or(0); }

/// Backend and width of a call from within a function.
using Ran = std::pair<int, int>;
constexpr Ran ran(Backend backend, int workers) { return {static_cast<int>(backend), workers}; }

Ran call_within(const Options& options = {}) {
    const Report report = try_parallel([](int) {}, range(6), options);
    report.raise();
    return ran(report.backend, report.worker_count);
}

/// Six on the machine, or as many as it has.
int some_cores() { return std::min(6, os::usable_cores()); }

}  // namespace

TEST_CASE("each worker has its part of the caller's cores, and the caller what it had", "[contract][share]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const int cores = os::usable_cores();
    for (const int jobs : {1, 2, cores, cores + 1, 3 * cores}) {
        const int each = std::max(1, cores / jobs);
        const std::vector<int> shares =
            parallel([](int) { return share(); }, range(3 * jobs), {.n_jobs = jobs, .backend = backend});
        CHECK(std::ranges::count(shares, each) == 3 * jobs);
        const std::vector<int> usable =
            parallel([](int) { return os::usable_cores(); }, range(3 * jobs), {.n_jobs = jobs, .backend = backend});
        CHECK(std::ranges::count(usable, each) == 3 * jobs);
    }
    CHECK_FALSE(core_share());
    CHECK(os::usable_cores() == cores);
}

TEST_CASE("a function on the backend serial has all the cores of its caller, as if it was called by hand",
          "[contract][share]") {
    CHECK(parallel([](int) { return share(); }, range(2), {.backend = Backend::serial}) == std::vector{0, 0});
    const CoreShareScope two(2);
    CHECK(parallel([](int) { return share(); }, range(2), {.backend = Backend::serial}) == std::vector{2, 2});
}

TEST_CASE("a number of inner threads takes the share's place, in calls, scopes and pools", "[contract][share]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto shares = [](const Options& options) { return parallel([](int) { return share(); }, range(3), options); };
    const std::vector five(3, 5);
    CHECK(shares({.n_jobs = 2, .backend = backend, .inner_threads = 5}) == five);
    Pool pool({.n_jobs = 2, .backend = backend, .inner_threads = 5});
    CHECK(pool.parallel([](int) { return share(); }, range(3)) == five);
    const ScopedDefaults scope({.inner_threads = 5});
    CHECK(shares({.n_jobs = 2, .backend = backend}) == five);
    CHECK_FALSE(core_share());
}

TEST_CASE("inner threads below one, or for a pool that has its own, are refused before anything runs",
          "[contract][share][badinput]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    for (const int wrong : {0, -1}) {
        const std::string message = message_of<InvalidArgument>(
            [&] { parallel([](int i) { return i; }, range(3), {.backend = backend, .inner_threads = wrong}); });
        CHECK(missing_in(message, {"inner_threads " + std::to_string(wrong), "at least 1"}) == "");
        CHECK_THROWS_AS(Pool({.backend = backend, .inner_threads = wrong}), InvalidArgument);
    }
    Pool pool({.n_jobs = 2, .backend = backend});
    CHECK(missing_in(message_of<InvalidArgument>(
                         [&] { pool.parallel([](int i) { return i; }, range(3), {.inner_threads = 2}); }),
                     {"inner_threads 2", "pool"}) == "");
}

TEST_CASE("a call within a worker runs in the worker's share: serially on one core, else in threads",
          "[contract][share][nested]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const std::vector<Ran> on_one =
        parallel([](int) { return call_within(); }, range(3), {.n_jobs = 2, .backend = backend, .inner_threads = 1});
    CHECK(on_one == std::vector(3, ran(Backend::serial, 1)));

    const int cores = some_cores();
    const auto expected = cores == 1 ? ran(Backend::serial, 1) : ran(Backend::threads, cores);
    const Options wide{.n_jobs = 2, .backend = backend, .inner_threads = cores};
    CHECK(parallel([](int) { return call_within(); }, range(3), wide) == std::vector(3, expected));
    CHECK(parallel([](int) { return call_within({.n_jobs = -1, .backend = Backend::threads}); }, range(3), wide) ==
          std::vector(3, ran(Backend::threads, cores)));

    // The workers of a worker divide its share again.
    const std::vector<int> innermost = parallel(
        [](int) {
            const auto shares =
                parallel([](int) { return share(); }, range(4), {.n_jobs = 2, .backend = Backend::threads});
            return *std::ranges::max_element(shares);
        },
        range(3), wide);
    CHECK(innermost == std::vector(3, std::max(1, cores / 2)));
}

TEST_CASE("what a function asks for explicitly it gets, beyond its share, too", "[contract][share][nested]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const Backend within = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const std::vector<Ran> nested = parallel([=](int) { return call_within({.n_jobs = 3, .backend = within}); },
                                             range(4), {.n_jobs = 2, .backend = backend, .inner_threads = 1});
    CHECK(nested == std::vector(4, ran(within, 3)));
    CHECK(parallel([](int) { return call_within({.n_jobs = 3}); }, range(4),
                   {.n_jobs = 2, .backend = backend, .inner_threads = 1}) == std::vector(4, ran(Backend::threads, 3)));
}

TEST_CASE("calls within a worker give the same results on every backend, whichever they run on",
          "[contract][share][nested]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Backend within = SLICEPOOL_EVERY_BACKEND;
    const std::vector<int> sums = parallel(
        [=](int i) {
            const std::vector<int> squares =
                parallel([=](int j) { return (i + j) * (i + j); }, range(5), {.n_jobs = 2, .backend = within});
            Pool pool({.n_jobs = 2, .backend = within});
            const std::vector<int> again = pool.parallel([=](int j) { return (i + j) * (i + j); }, range(5));
            return squares == again ? std::accumulate(squares.begin(), squares.end(), 0) : -1;
        },
        range(4), {.n_jobs = 2, .backend = backend});
    CHECK(sums == std::vector{30, 55, 90, 135});
}

TEST_CASE("a call within a worker writes to its own run's output; to others in threads, and in processes it is refused",
          "[contract][share][nested]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Backend within = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({4, 6, 3});
    const auto copied = constant_volume<float>({4, 6, 3}, 0);
    const auto other = constant_volume<float>({4, 6, 3}, 0);
    const auto copy = [&](const Volume<float>& to) {
        process_slices(input, to, [](SliceView<const float> in, SliceView<float> out) { out = in; },
                       {.n_jobs = 2, .backend = within})
            .raise();
    };
    const auto copy_slice = [&](SliceView<const float>, SliceView<float>) {
        const auto z = current_slice();
        const AxisRange only{.start = z, .stop = z + 1};
        process_slices(input.view(only, {}, {}), copied.view(only, {}, {}),
                       [](SliceView<const float> in, SliceView<float> out) { out = in; },
                       {.axis = 1, .n_jobs = 2, .backend = within})
            .raise();
    };
    process_slices(input, copied, copy_slice, {.n_jobs = 2, .backend = backend}).raise();
    CHECK(differing_pixels(input, copied) == 0);

    const std::vector<std::string> messages = parallel(
        [&](int) { return message_of<InvalidArgument>([&] { copy(other); }); }, range(1), {.backend = backend});
    if (backend == Backend::processes) {
        CHECK(missing_in(messages[0], {"output", "worker process"}) == "");
        CHECK(other(1, 2, 0) == 0);
    } else {
        CHECK(differing_pixels(input, other) == 0);
    }
}

#if !defined(__SANITIZE_THREAD__)
TEST_CASE("a worker of a worker that crashes costs the inner call an attempt and the outer one nothing",
          "[contract][share][nested][crash]") {
    const Backend backend = GENERATE(Backend::threads, Backend::processes);
    const auto outer = try_parallel(
        [](int) {
            const auto inner = try_parallel(
                [](int j) {
                    if (j == 1) std::abort();
                    return j;
                },
                range(3), {.n_jobs = 2, .backend = Backend::processes, .max_attempts = 2});
            return static_cast<int>(inner.report.count(SliceStatus::crashed) * 10 +
                                    inner.report.count(SliceStatus::done));
        },
        range(3), {.n_jobs = 2, .backend = backend});
    CHECK(outer.report.ok());
    CHECK(outer.report.retries() == 0);
    for (const auto& result : outer.values) CHECK(result == 12);
}
#endif

TEST_CASE("what runs in the background of a worker has its share, too, and the defaults of its scope",
          "[contract][share][nested]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const Options options{.n_jobs = 2, .backend = backend, .inner_threads = 1};
    const std::vector<Ran> submitted = parallel(
        [](int) { return submit([](const Options& given) { return call_within(given); }).get(); }, range(3), options);
    CHECK(submitted == std::vector(3, ran(Backend::serial, 1)));
    const std::vector<Ran> streamed = parallel(
        [](int) {
            auto stream = parallel_unordered([](int i) { return i; }, range(6));
            return ran(stream.report().backend, stream.report().worker_count);
        },
        range(3), options);
    CHECK(streamed == std::vector(3, ran(Backend::serial, 1)));

    const ScopedDefaults scope({.n_jobs = 3, .backend = Backend::threads});
    auto stream = parallel_unordered([](int i) { return i; }, range(6));
    CHECK(ran(stream.report().backend, stream.report().worker_count) == ran(Backend::threads, 3));
    CHECK(submit([](const Options& given) { return call_within(given); }).get() == ran(Backend::threads, 3));
}

TEST_CASE("the environment's width is the program's and not each worker's; scopes within a worker count",
          "[contract][share][nested][defaults]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    REQUIRE(::setenv("SLICEPOOL_N_JOBS", "3", 1) == 0);
    REQUIRE(::setenv("SLICEPOOL_BACKEND", "processes", 1) == 0);
    const std::vector<Ran> nested =
        parallel([](int) { return call_within(); }, range(3), {.backend = backend, .inner_threads = 1});
    const std::vector<Ran> scoped = parallel(
        [](int) {
            const ScopedDefaults scope({.n_jobs = 2});
            return call_within();
        },
        range(3), {.backend = backend, .inner_threads = 1});
    ::unsetenv("SLICEPOOL_N_JOBS");
    ::unsetenv("SLICEPOOL_BACKEND");
    CHECK(nested == std::vector(3, ran(Backend::serial, 1)));
    CHECK(scoped == std::vector(3, ran(Backend::threads, 2)));
}

TEST_CASE("threads that a function starts have the share in worker processes, and elsewhere by a scope",
          "[contract][share]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const std::vector<Ran> seen = parallel(
        [](int) {
            Ran shares;
            std::thread([&] { shares.first = share(); }).join();
            std::thread([&, mine = core_share()] {
                const CoreShareScope scope(mine);
                shares.second = share();
            }).join();
            return shares;
        },
        range(3), {.n_jobs = 2, .backend = backend, .inner_threads = 4});
    CHECK(seen == std::vector(3, Ran(backend == Backend::processes ? 4 : 0, 4)));
}
