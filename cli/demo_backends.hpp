// demo_backends.hpp: the demo's filter on every backend: timed, measured and compared with serial.
#pragma once

#include <string>
#include <vector>

#include <slicepool/core/options.hpp>

#include "demo_example.hpp"
#include "interruption.hpp"

namespace slicepool::cli {

struct BackendTimes {
    Backend backend = Backend::serial;
    double cold_seconds = 0.0;  ///< making the workers, and a first run into an output whose pages nobody has touched
    double warm_seconds = 0.0;  ///< best of the later runs, by the same workers into the same output
    double memory_bytes = 0.0;  ///< of another, untimed run: proportional set size of all processes at its end
    bool same_as_serial = false;
};

struct DemoResult {
    std::vector<BackendTimes> times;  ///< serial, threads, processes
    Volume<float> sample;             ///< slice `sample_index` of the serial result, (1, rows, columns)
    std::string trouble;              ///< slices that were not done; the rest is then void
    bool interrupted = false;         ///< the rest is then void
};

struct DemoPlan {
    DemoSize size;
    int jobs = 1;
    int warm_runs = 1;
    std::int64_t sample_index = 0;
};

/// Each backend has a Pool of its own. Times are from the call to its return. Progress goes to standard error. Needs memory
/// for three volumes. Throws SystemError when the machine cannot hold them.
[[nodiscard]] DemoResult run_backends(const DemoPlan& plan, Interruption& interruption);

}  // namespace slicepool::cli
