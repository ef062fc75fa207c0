// plan.hpp: checks a request against volumes, filter and machine, and turns it into a job.
// Everything that can be known to fail fails here, before any slice runs.
#pragma once

#include <slicepool/pool/slice_arguments.hpp>

#include <slicepool/core/options.hpp>
#include "backends/job.hpp"

#include <cstddef>

namespace slicepool {

struct Plan {
    Job job;
    std::int64_t task_count = 0;
    std::size_t scratch_bytes_per_worker = 0;  ///< the filter's and the tiles'
};

/// `options` is borrowed by the job. Throws InvalidArgument.
[[nodiscard]] Plan make_plan(const SliceRequest& request, Backend backend, const Options& options);

/// The same for calls on `worker_count` workers, fewer when there are fewer calls.
[[nodiscard]] Plan make_call_plan(const CallRef& calls, std::int64_t count, CallSink& sink, int worker_count,
                                  const Options& options);

/// Throws SystemError (ENOMEM) when `worker_count` workers' scratch does not fit into the machine.
void check_scratch_fits(const Plan& plan, int worker_count);

}  // namespace slicepool
