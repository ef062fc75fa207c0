// width.hpp: where a call runs and on how many workers: its options, the defaults of its scope, cores, memory.
// No crew is made here.
#pragma once

#include <slicepool/core/defaults.hpp>
#include <slicepool/core/options.hpp>
#include "backends/crew.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace slicepool {

/// What a caller asked for, completed by current_defaults().
struct Width {
    /// Throws InvalidArgument for n_jobs 0, memory_per_worker 0, inner_threads below 1 and environment
    /// variables that make no sense.
    explicit Width(const Defaults& asked, Placement where = Placement::none);
    explicit Width(const Options& options)
        : Width(Defaults{options.n_jobs, options.backend, options.memory_per_worker, options.inner_threads},
                options.placement) {}

    /// Workers for `tasks` tasks, at least 1. `scratch_bytes`: what each worker needs beside what was declared; it
    /// narrows the run only where the number of workers is ours to choose. Throws SystemError (ENOMEM) when not even one
    /// worker's needs can be met.
    [[nodiscard]] int workers(std::int64_t tasks, std::size_t scratch_bytes = 0) const;

    /// A crew of so many workers, with their shares of the cores and their places. Throws SystemError.
    [[nodiscard]] CrewPlan crew(int worker_count, std::int64_t most_slices) const;

    Backend backend;
    int cores;                   ///< the caller's
    int jobs;                    ///< by n_jobs and the cores
    bool chosen;                 ///< jobs is a number the caller gave
    std::size_t declared_bytes;  ///< each worker's, 0: nothing was declared
    std::optional<int> inner_threads;
    Placement placement;
};

}  // namespace slicepool
