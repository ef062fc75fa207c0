// What the caller sees and does while a run is on: progress, stopping, and a host that is left as it was.

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

const auto kSlow = [](SliceView<const float> in, SliceView<float> out) {
    std::this_thread::sleep_for(2ms);
    out = in;
};

}  // namespace

TEST_CASE("progress is told in the caller's thread, never goes back, and ends with every slice", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({60, 2, 3});
    const auto output = constant_volume<float>({60, 2, 3}, 0);
    std::vector<Progress> seen;
    const auto caller = std::this_thread::get_id();
    bool elsewhere = false;

    process_slices(input, output, kSlow,
                   {.n_jobs = 2,
                    .backend = backend,
                    .progress =
                        [&](const Progress& progress) {
                            elsewhere = elsewhere || std::this_thread::get_id() != caller;
                            seen.push_back(progress);
                        },
                    .progress_interval = 5ms})
        .raise();

    CHECK_FALSE(elsewhere);
    REQUIRE(seen.size() >= 3);
    for (std::size_t i = 1; i < seen.size(); ++i) CHECK(seen[i].done >= seen[i - 1].done);
    CHECK(seen.front().total == 60);
    CHECK(seen.back().done == 60);
    CHECK(seen.back().eta()->count() == 0);
}

TEST_CASE("progress tells of each worker what it has done, how long it worked and how long it waited", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({60, 2, 3});
    const auto output = constant_volume<float>({60, 2, 3}, 0);
    Progress seen;
    process_slices(input, output, kSlow,
                   {.n_jobs = 2,
                    .backend = backend,
                    .progress =
                        [&](const Progress& progress) {
                            if (!progress.workers.empty()) seen = progress;
                        },
                    .progress_interval = 5ms})
        .raise();

    REQUIRE(seen.workers.size() == (backend == Backend::serial ? 1U : 2U));
    REQUIRE(seen.done > 0);
    std::int64_t done = 0;
    for (const WorkerProgress& worker : seen.workers) {
        CHECK(worker.slot == &worker - seen.workers.data());
        CHECK(worker.work >= 2ms * worker.done);
        CHECK((worker.work + worker.wait).count() <= seen.elapsed.count() + 1e-3);
        done += worker.done;
    }
    CHECK(std::abs(done - seen.done) <= 2);  // read while the workers go on
    CHECK(*seen.rate() == Approx(static_cast<double>(seen.done) / seen.elapsed.count()));
    CHECK(seen.eta()->count() == Approx(static_cast<double>(60 - seen.done) / *seen.rate()));
}

TEST_CASE("a progress callback that throws ends the run in order, and nothing of it passes for a result",
          "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({200, 2, 3});
    const auto output = constant_volume<float>({200, 2, 3}, 1);
    const Options options{.n_jobs = 2,
                          .backend = backend,
                          .progress = [](const Progress&) { throw std::runtime_error("enough"); },
                          .progress_interval = 5ms};
    CHECK_THROWS_WITH(process_slices(input, output, kSlow, options), "enough");
    CHECK(output.slice(0, 0).isNaN().all());
    CHECK(output.slice(0, 199).isNaN().all());
}

TEST_CASE("a stop token ends the run early with a truthful report", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({2000, 2, 3});
    const auto output = constant_volume<float>({2000, 2, 3}, 1);
    std::stop_source stop;

    const Report report = process_slices(input, output, kSlow,
                                         {.n_jobs = 2,
                                          .backend = backend,
                                          .stop_token = stop.get_token(),
                                          .progress =
                                              [&](const Progress& progress) {
                                                  if (progress.done >= 5) stop.request_stop();
                                              },
                                          .progress_interval = 2ms});

    CHECK(report.interrupted);
    CHECK(report.count(SliceStatus::done) >= 5);
    CHECK(report.count(SliceStatus::not_run) > 0);
    CHECK(report.count(SliceStatus::done) + report.count(SliceStatus::not_run) == 2000);
    for (const SliceOutcome& slice : report.slices) {
        if (slice.status == SliceStatus::done)
            REQUIRE((output.slice(0, slice.index) == input.slice(0, slice.index)).all());
        else
            REQUIRE(output.slice(0, slice.index).isNaN().all());
    }
}

TEST_CASE("a run that is stopped before it begins runs nothing", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    std::stop_source stop;
    stop.request_stop();
    const auto input = numbered_volume<float>({50, 2, 3});
    const auto output = constant_volume<float>({50, 2, 3}, 1);
    const Report report =
        process_slices(input, output, kSlow, {.n_jobs = 2, .backend = backend, .stop_token = stop.get_token()});
    CHECK(report.interrupted);
    CHECK(report.count(SliceStatus::not_run) >= 46);  // a worker may have had a slice in hand
}

TEST_CASE("the report tells times and workers", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({20, 2, 3});
    const auto output = constant_volume<float>({20, 2, 3}, 0);
    const Report report =
        process_slices(input, output, kSlow, {.n_jobs = 2, .backend = backend, .measure_memory = true});
    CHECK(report.backend == backend);
    CHECK(report.wall_seconds > 0.02);
    CHECK(report.peak_memory_bytes > 0);
    std::int64_t done = 0;
    double busy = 0;
    for (const WorkerLife& life : report.workers) {
        done += life.slices_done;
        busy += life.busy_seconds;
        CHECK(life.death_seconds < 0);
        CHECK((life.pid > 0) == (backend == Backend::processes));
    }
    CHECK(done == 20);
    CHECK(busy >= 0.04);
    for (const SliceOutcome& slice : report.slices) {
        CHECK(slice.seconds >= 0.002F);
        CHECK(slice.start_seconds >= 0);
        CHECK(slice.attempts == 1);
    }
}

TEST_CASE("the host's signal handlers, mask, limits and locale are as before", "[contract]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto dispositions = [] {
        std::vector<void (*)(int)> handlers;
        for (int signal = 1; signal < 32; ++signal) {
            struct sigaction action {};
            sigaction(signal, nullptr, &action);
            handlers.push_back(action.sa_handler);
        }
        return handlers;
    };
    const auto mask = [] {
        sigset_t set;
        sigprocmask(SIG_BLOCK, nullptr, &set);
        std::vector<int> blocked;
        for (int signal = 1; signal < 32; ++signal) blocked.push_back(sigismember(&set, signal));
        return blocked;
    };
    const auto descriptor_limit = [] {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        return limit.rlim_cur;
    };
    const auto handlers_before = dispositions();
    const auto mask_before = mask();
    const auto limit_before = descriptor_limit();
    const auto input = numbered_volume<float>({5, 2, 3});
    const auto output = constant_volume<float>({5, 2, 3}, 0);
    process_slices(input, output, kSlow, {.n_jobs = 2, .backend = backend}).raise();
    CHECK(dispositions() == handlers_before);
    CHECK(mask() == mask_before);
    CHECK(descriptor_limit() == limit_before);
}
