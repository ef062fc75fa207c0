#include <slicepool/pool/process_slices.hpp>

#include "pool/carry_out.hpp"
#include "pool/plan.hpp"

#include "os/machine.hpp"

#include <algorithm>

namespace slicepool {

Report process_slices(const AnyVolume& input, const AnyVolume& output, const FilterRef& filter,
                      const Options& options) {
    const Backend backend = options.backend.value_or(Backend::processes);
    const int jobs = effective_jobs(options.n_jobs.value_or(-1), os::usable_cores());
    const Plan plan = make_plan(input, output, filter, backend, options);
    if (plan.task_count == 0) return nothing_to_do(plan, backend);
    const int workers =
        static_cast<int>(std::min<std::int64_t>(backend == Backend::serial ? 1 : jobs, plan.task_count));
    check_scratch_fits(plan, workers);
    const auto crew = make_crew(backend, workers, plan.job.order.slices.count);
    return carry_out(*crew, plan);
}

}  // namespace slicepool
