#include "demo_backends.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include <fmt/format.h>

#include <slicepool/filters/gaussian.hpp>
#include <slicepool/pool/pool.hpp>

#include "progress_display.hpp"
#include "run_summary.hpp"

namespace slicepool::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kBackends{Backend::serial, Backend::threads, Backend::processes};

struct Stopped {};  // ends the demo from the depth of a run; never leaves this file
struct NotDone {
    std::string what;
};

class Runs {
public:
    Runs(const DemoPlan& plan, Interruption& interruption)
        : plan_(plan), interruption_(interruption), input_(make_demo_volume(plan.size)) {}

    /// Peaks first, while no other volume than input and output is there to be counted.
    void measure(std::vector<BackendTimes>& times) {
        const auto output = Volume<float>::create(plan_.size.shape);
        for (const Backend backend : kBackends) {
            Pool pool({.n_jobs = plan_.jobs, .backend = backend});
            Options options;
            options.measure_memory = true;
            const Report report = run(pool, output, options, "memory");
            times.push_back({.backend = backend, .memory_bytes = static_cast<double>(report.peak_memory_bytes)});
        }
    }

    void time(BackendTimes& times, Volume<float>& reference) {
        release_unused_memory();  // or the output would get pages that are warm already
        auto output = Volume<float>::create(plan_.size.shape);
        const auto start = Clock::now();
        Pool pool({.n_jobs = plan_.jobs, .backend = times.backend});
        static_cast<void>(run(pool, output, {}, "cold"));
        times.cold_seconds = seconds_since(start);
        times.warm_seconds = std::numeric_limits<double>::infinity();
        for (int i = 0; i < plan_.warm_runs; ++i) {
            const auto warm_start = Clock::now();
            static_cast<void>(run(pool, output, {}, "warm"));
            times.warm_seconds = std::min(times.warm_seconds, seconds_since(warm_start));
        }
        if (times.backend == Backend::serial) reference = output;
        times.same_as_serial = same_bits(output, reference);
    }

private:
    static double seconds_since(Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    }

    Report run(Pool& pool, const Volume<float>& output, Options options, std::string_view what) {
        const std::string_view backend = name_of(pool.backend());
        ProgressDisplay display(ProgressStyle::automatic, fmt::format("{}, {}", backend, what));
        options.axis = kDemoAxis;
        options.stop_token = interruption_.stop_token();
        options.progress = [&display](const Progress& progress) { display.show(progress); };
        const Interruption::Run under_way(interruption_);
        Report report = pool.process_slices(input_, output, filter_, options);
        if (report.interrupted || interruption_.requested()) throw Stopped{};
        if (!report.ok()) throw NotDone{fmt::format("{}:\n{}", backend, missing_text(report))};
        return report;
    }

    const DemoPlan& plan_;
    Interruption& interruption_;
    filters::Gaussian filter_ = filters::gaussian({.sigma = kDemoSigma});
    Volume<float> input_;
};

}  // namespace

DemoResult run_backends(const DemoPlan& plan, Interruption& interruption) {
    DemoResult result;
    try {
        Runs runs(plan, interruption);
        runs.measure(result.times);
        Volume<float> reference;
        for (BackendTimes& times : result.times) runs.time(times, reference);
        result.sample = copy_slice(reference, plan.sample_index);
    } catch (const Stopped&) {
        result.interrupted = true;
    } catch (const NotDone& failure) {
        result.trouble = failure.what;
    }
    release_unused_memory();
    return result;
}

}  // namespace slicepool::cli
