// width_test.cpp: how wide a call runs, and where: its options, the defaults of its scope, the environment, memory.

#include <memory>
#include <string>
#include <thread>

#include <slicepool/core/defaults.hpp>
#include <slicepool/core/error.hpp>
#include <slicepool/pool/parallel.hpp>

#include "os/machine.hpp"
#include "support/environment_variable.hpp"
#include "support/every_backend.hpp"
#include "support/messages.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

/// Claims to need much scratch, and copies.
struct Greedy {
    std::size_t scratch_bytes;

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType) const {
        return {.output = input, .scratch_bytes = scratch_bytes};
    }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec&, DType) const {
        class Kernel final : public SliceKernel {
            void apply(const ConstSlice& input, const Slice& output) override {
                output.as<float>() = input.as<float>();
            }
        };
        return std::make_unique<Kernel>();
    }
};

Report copy_eight(const Options& options = {}) {
    const auto input = numbered_volume<float>({8, 2, 3});
    const auto output = constant_volume<float>({8, 2, 3}, 0);
    return process_slices(
        input, output, [](SliceView<const float> in, SliceView<float> out) { out = in; }, options);
}

}  // namespace

TEST_CASE("in a scope, calls and pools take its defaults where they are silent", "[contract][defaults]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    {
        const ScopedDefaults outer({.n_jobs = 3, .backend = backend});
        CHECK(copy_eight().backend == backend);
        CHECK(copy_eight().worker_count == 3);
        CHECK(copy_eight({.n_jobs = 2}).worker_count == 2);
        CHECK(copy_eight({.backend = Backend::serial}).backend == Backend::serial);
        {
            const ScopedDefaults inner({.n_jobs = 1});
            CHECK(copy_eight().worker_count == 1);
            CHECK(copy_eight().backend == backend);
        }
        Pool pool;
        CHECK(pool.worker_count() == 3);
        CHECK(pool.backend() == backend);
        CHECK(try_parallel([](int) {}, range(8)).worker_count == 3);
        std::thread([] { CHECK_FALSE(current_defaults().n_jobs); }).join();
    }
    CHECK_FALSE(current_defaults().n_jobs);
    CHECK_FALSE(current_defaults().backend);
}

TEST_CASE("functions on worker threads and in worker processes do not see the caller's scope", "[contract][defaults]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const ScopedDefaults scope({.n_jobs = 2, .backend = backend});
    for (const bool seen : parallel([](int) { return current_defaults().n_jobs.has_value(); }, range(4)))
        CHECK_FALSE(seen);
}

TEST_CASE("the environment says what neither call nor scope does", "[contract][defaults]") {
    const EnvironmentVariable jobs("SLICEPOOL_N_JOBS", "3");
    const EnvironmentVariable backend("SLICEPOOL_BACKEND", "threads");
    CHECK(copy_eight().worker_count == 3);
    CHECK(copy_eight().backend == Backend::threads);
    CHECK(copy_eight({.n_jobs = 2}).worker_count == 2);
    const ScopedDefaults scope({.n_jobs = 1, .backend = Backend::serial});
    CHECK(copy_eight().worker_count == 1);
    CHECK(copy_eight().backend == Backend::serial);
}

TEST_CASE("a variable that makes no sense is named, before any slice runs", "[contract][defaults][badinput]") {
    struct Mistake {
        const char* name;
        const char* value;
    };
    const auto mistake =
        GENERATE(Mistake{"SLICEPOOL_N_JOBS", "two"}, Mistake{"SLICEPOOL_N_JOBS", "0"},
                 Mistake{"SLICEPOOL_BACKEND", "loky"}, Mistake{"SLICEPOOL_MEMORY_PER_WORKER", "2 gigabytes"});
    const EnvironmentVariable variable(mistake.name, mistake.value);
    const std::string message = message_of<Error>([] { copy_eight(); });
    CAPTURE(message);
    CHECK(message.find(mistake.name) != std::string::npos);
    CHECK(message.find(mistake.value) != std::string::npos);
}

TEST_CASE("no more workers run than declared needs fit into the free memory", "[contract][defaults]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const auto free = os::available_memory();
    if (!free) {
        WARN("skipped: the system does not say how much memory is free");
        return;
    }
    // Other programs come and go meanwhile: not more than half a worker's need, that is.
    CHECK(copy_eight({.n_jobs = 4, .backend = backend, .memory_per_worker = *free / 5 * 2}).worker_count == 2);
    CHECK(copy_eight({.n_jobs = 4, .backend = backend, .memory_per_worker = 1}).worker_count == 4);
    Pool pool({.n_jobs = 4, .backend = backend, .memory_per_worker = *free / 5 * 2});
    CHECK(pool.worker_count() == 2);
    const std::string message =
        message_of<Error>([&] { copy_eight({.backend = backend, .memory_per_worker = *free * 2}); });
    CAPTURE(message);
    CHECK(message.find("memory_per_worker") != std::string::npos);
    CHECK(message.find("GB are available") != std::string::npos);
    CHECK_THROWS_AS(copy_eight({.memory_per_worker = 0}), InvalidArgument);
    const auto output = constant_volume<float>({8, 2, 3}, 0);
    CHECK_THROWS_AS(pool.process_slices(numbered_volume<float>({8, 2, 3}), output,
                                        [](SliceView<const float> in, SliceView<float> out) { out = in; },
                                        {.memory_per_worker = 1}),
                    InvalidArgument);
}

TEST_CASE(
    "scratch that does not fit narrows a run whose width is ours to choose, and refuses one whose width was given",
    "[contract][defaults]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const auto free = os::available_memory();
    if (!free) {
        WARN("skipped: the system does not say how much memory is free");
        return;
    }
    const auto input = numbered_volume<float>({8, 2, 3});
    const auto output = constant_volume<float>({8, 2, 3}, 0);
    const Greedy filter{*free / 5 * 3};
    const Report report = process_slices(input, output, filter, {.backend = backend});
    CHECK(report.ok());
    CHECK(report.worker_count == 1);
    const std::string message =
        message_of<SystemError>([&] { process_slices(input, output, filter, {.n_jobs = 2, .backend = backend}); });
    CHECK(missing_in(message, {"scratch of", "for each of 2 workers", "use fewer workers"}) == "");
    CHECK_THROWS_AS(process_slices(input, output, Greedy{*free * 2}, {.backend = backend}), SystemError);
}

TEST_CASE("bytes are read with the powers of 1000, as the command line reads them", "[contract][defaults]") {
    CHECK(parse_bytes("4096") == 4096);
    CHECK(parse_bytes("512K") == 512'000);
    CHECK(parse_bytes("1.5G") == std::size_t{1'500'000'000});
    for (const char* const wrong : {"", "0", "K", "-1", "1e30", "5 M", "nan", "2g"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(parse_bytes(wrong), InvalidArgument);
    }
}
