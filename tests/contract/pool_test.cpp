// A pool kept between calls: the same contract, with workers that were there before the volumes and the functions.

#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include <dlfcn.h>
#include <unistd.h>

#include <slicepool/filters/gaussian.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/output.hpp>

#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

TEST_CASE("a pool serves volumes and functions that are younger than its workers", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    CHECK(pool.worker_count() == (backend == Backend::serial ? 1 : 2));
    for (int round = 1; round <= 6; ++round) {
        const auto input = numbered_volume<float>({7, 8, 30 + round});
        const auto output = constant_volume<float>(input.shape(), 0);
        const auto factor = static_cast<float>(round);
        const Report report = pool.process_slices(
            input, output, [factor](SliceView<const float> in, SliceView<float> out) { out = factor * in; },
            {.axis = round % 3});
        CHECK(report.ok());
        CHECK(report.backend == backend);
        CHECK(output(6, 7, 29) == factor * input(6, 7, 29));
        CHECK(output(0, 7, 0) == factor * input(0, 7, 0));
    }
}

TEST_CASE("a pool keeps its workers from run to run", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    const auto input = numbered_volume<float>({7, 8, 9});
    const auto output = constant_volume<float>(input.shape(), 0);
    const auto run = [&] {
        return pool.process_slices(input, output, [](SliceView<const float> in, SliceView<float> out) { out = in; });
    };
    const Report first = run();
    const Report second = run();
    REQUIRE(first.workers.size() == 2);
    REQUIRE(second.workers.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(first.workers[i].pid == second.workers[i].pid);
        CHECK(second.workers[i].birth_seconds < 0);
    }
}

TEST_CASE("a pool runs ready-made filters with the bits of the serial backend", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    const auto gaussian = filters::gaussian({.sigma = {2, 1}});
    const auto input = numbered_volume<float>({13, 17, 19});
    const auto expected = constant_volume<float>(input.shape(), 0);
    const auto output = constant_volume<float>(input.shape(), 1);
    process_slices(input, expected, gaussian, {.axis = 1, .backend = Backend::serial}).raise();
    pool.process_slices(input, output, gaussian, {.axis = 1}).raise();
    CHECK(differing_pixels(output, expected) == 0);
}

TEST_CASE("files that were mapped after the pool was made are read and written in place", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    char directory[] = "/tmp/slicepool-test-XXXXXX";
    REQUIRE(mkdtemp(directory) != nullptr);
    const std::string path = std::string(directory) + "/in.npy";
    const std::string result = std::string(directory) + "/out.npy";
    {
        io::OutputFile file = io::OutputFile::create(path, DType::f32, {5, 6, 40});
        number_pixels(Volume<float>(file.volume()));
        file.commit();
    }
    {
        const Volume<float> input(io::open_volume(path));
        io::OutputFile file = io::OutputFile::create(result, DType::f32, input.shape());
        const Volume<float> output(file.volume());
        const int axis = GENERATE(0, 1, 2);
        for (int round = 0; round < 2; ++round)
            pool.process_slices(input, output, [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; },
                                {.axis = axis})
                .raise();
        file.commit();
    }
    {
        const Volume<float> input(io::open_volume(path));
        const Volume<float> output(io::open_volume(result));
        for (std::int64_t z = 0; z < 5; ++z)
            for (std::int64_t y = 0; y < 6; ++y)
                for (std::int64_t x = 0; x < 40; ++x) REQUIRE(output(z, y, x) == 2 * input(z, y, x));
    }
    std::remove(path.c_str());
    std::remove(result.c_str());
    CHECK(rmdir(directory) == 0);
}

TEST_CASE("runs from several threads of the host take turns on one pool", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    const auto input = numbered_volume<float>({7, 8, 9});
    std::array<std::int64_t, 3> differing{};
    std::array<std::thread, 3> callers;
    for (std::size_t caller = 0; caller < callers.size(); ++caller)
        callers[caller] = std::thread([&, caller] {
            const auto factor = static_cast<float>(caller + 1);
            for (int round = 0; round < 20; ++round) {
                const auto output = constant_volume<float>(input.shape(), 0);
                pool.process_slices(input, output,
                                    [factor](SliceView<const float> in, SliceView<float> out) { out = factor * in; })
                    .raise();
                const auto expected = constant_volume<float>(input.shape(), 0);
                for (std::int64_t i = 0; i < expected.shape().count(); ++i)
                    expected.data()[i] = factor * input.data()[i];
                differing[caller] += differing_pixels(output, expected);
            }
        });
    for (std::thread& caller : callers) caller.join();
    CHECK(differing == std::array<std::int64_t, 3>{});
}

TEST_CASE("a pool survives the death of the thread that made it", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    std::unique_ptr<Pool> pool;
    std::thread([&] { pool = std::make_unique<Pool>(PoolOptions{.n_jobs = 2, .backend = backend}); }).join();
    const auto input = numbered_volume<float>({7, 8, 9});
    const auto output = constant_volume<float>(input.shape(), 0);
    const Report report =
        pool->process_slices(input, output, [](SliceView<const float> in, SliceView<float> out) { out = in; });
    CHECK(report.ok());
    CHECK(report.retries() == 0);
    CHECK(differing_pixels(input, output) == 0);
}

TEST_CASE("width and backend of a pool are chosen when it is made", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    const auto volume = numbered_volume<float>({1, 2, 3});
    const auto output = constant_volume<float>({1, 2, 3}, 0);
    const auto copy = [](SliceView<const float> in, SliceView<float> out) { out = in; };
    CHECK_THROWS_AS(pool.process_slices(volume, output, copy, {.n_jobs = 4}), InvalidArgument);
    CHECK_THROWS_AS(pool.process_slices(volume, output, copy,
                                        {.backend = backend == Backend::serial ? Backend::threads : Backend::serial}),
                    InvalidArgument);
    CHECK_THROWS_AS(Pool({.n_jobs = 0, .backend = backend}), InvalidArgument);
}

TEST_CASE("a function in a library loaded after the pool was made is refused in worker processes", "[contract][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    void* const library = dlopen(LATE_FUNCTION_FILE, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    using DoubleSlices = Report* (*)(Pool*, const Volume<float>*, const Volume<float>*);
    const auto double_slices_on = reinterpret_cast<DoubleSlices>(dlsym(library, "double_slices_on"));
    REQUIRE(double_slices_on != nullptr);
    const auto input = numbered_volume<float>({3, 4, 5});
    const auto output = constant_volume<float>({3, 4, 5}, 0);

    if (backend == Backend::processes) {
        try {
            double_slices_on(&pool, &input, &output);
            FAIL("nothing was thrown");
        } catch (const InvalidArgument& error) {
            CHECK(std::string(error.what()).find("was loaded after the pool was made") != std::string::npos);
            CHECK(std::string(error.what()).find("late_function") != std::string::npos);
        }
        Pool younger({.n_jobs = 2, .backend = backend});
        const std::unique_ptr<Report> report(double_slices_on(&younger, &input, &output));
        CHECK(report->ok());
    } else {
        const std::unique_ptr<Report> report(double_slices_on(&pool, &input, &output));
        CHECK(report->ok());
    }
    CHECK((backend == Backend::processes || output(2, 3, 4) == 2 * input(2, 3, 4)));
    dlclose(library);
}
