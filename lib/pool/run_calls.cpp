#include <slicepool/pool/run_calls.hpp>

#include "pool/carry_out.hpp"
#include "pool/plan.hpp"

#include "os/machine.hpp"

#include <algorithm>

namespace slicepool {

Report run_calls(const CallRef& calls, std::int64_t count, CallSink& sink, const Options& options) {
    const Backend backend = options.backend.value_or(Backend::processes);
    const int jobs = effective_jobs(options.n_jobs.value_or(-1), os::usable_cores());
    const int workers = backend == Backend::serial ? 1 : static_cast<int>(std::clamp<std::int64_t>(count, 1, jobs));
    const Plan plan = make_call_plan(calls, count, sink, workers, options);
    if (plan.task_count == 0) return nothing_to_do(plan, backend);
    const auto crew = make_crew(backend, workers, plan.task_count);
    return carry_out(*crew, plan);
}

}  // namespace slicepool
