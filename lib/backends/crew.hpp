// crew.hpp: the contract of the backends: a crew of workers that carries out jobs, one after the other.
// Serial, threads and processes implement it; what a job means is the same for all.
#pragma once

#include "backends/job.hpp"
#include "backends/worker_places.hpp"

#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>

#include <cstdint>
#include <memory>
#include <optional>

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

/// What a crew is to be, for its whole life.
struct CrewPlan {
    Backend backend = Backend::processes;
    int worker_count = 1;          ///< at least 1; serial has one in any case
    std::int64_t most_slices = 0;  ///< in a run
    /// Cores for each worker, at least 1: what core_share() is in it and thread pools in it are held to. Nothing: what the
    /// caller has, which only serial can.
    std::optional<int> core_share;
    WorkerPlaces places;  ///< of as many workers; serial has no use for them
};

/// Throws SystemError, and InvalidArgument for more workers than can be.
[[nodiscard]] std::unique_ptr<Crew> make_crew(const CrewPlan& plan);

}  // namespace slicepool
