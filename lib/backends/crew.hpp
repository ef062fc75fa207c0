// crew.hpp: the contract of the backends: a crew of workers that carries out jobs, one after the other.
// Serial, threads and processes implement it; what a job means is the same for all.
#pragma once

#include "backends/job.hpp"

#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>

#include <cstdint>
#include <memory>

namespace slicepool {

/// Workers, warm between jobs. Used by one thread at a time.
class Crew {
public:
    Crew() = default;
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    virtual ~Crew() = default;

    /// Carries out the job in the calling thread's time; the progress callback is called here. What happened to slices
    /// and workers is in the report. Throws SystemError when not one worker could be had, before any slice ran, and what
    /// the progress callback throws, after the run was brought to an orderly end.
    [[nodiscard]] virtual Report run(const Job& job) = 0;

    [[nodiscard]] virtual Backend backend() const noexcept = 0;
    [[nodiscard]] virtual int worker_count() const noexcept = 0;
};

/// `worker_count` >= 1 workers for runs of up to `most_slices` slices. Throws SystemError.
[[nodiscard]] std::unique_ptr<Crew> make_crew(Backend backend, int worker_count, std::int64_t most_slices);

}  // namespace slicepool
