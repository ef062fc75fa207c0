#include <slicepool/pool/run_calls.hpp>

#include "pool/carry_out.hpp"
#include "pool/plan.hpp"
#include "pool/width.hpp"

namespace slicepool {

Report run_calls(const CallRef& calls, std::int64_t count, CallSink& sink, const Options& options) {
    const Width width(options);
    const int workers = width.workers(count);
    const Plan plan = make_call_plan(calls, count, sink, workers, options);
    if (plan.task_count == 0) return nothing_to_do(plan, width.backend);
    const auto crew = make_crew(width.crew(workers, plan.task_count));
    return carry_out(*crew, plan);
}

}  // namespace slicepool
