#include <slicepool/pool/process_slices.hpp>

#include "pool/carry_out.hpp"
#include "pool/plan.hpp"
#include "pool/width.hpp"

namespace slicepool {

Report process_slices(const SliceRequest& request, const Options& options) {
    const Width width(options);
    const Plan plan = make_plan(request, width.backend, options);
    if (plan.task_count == 0) return nothing_to_do(plan, width.backend);
    const int workers = width.workers(plan.task_count, plan.scratch_bytes_per_worker);
    check_scratch_fits(plan, workers);
    const auto crew = make_crew(width.crew(workers, plan.job.order.slices.count));
    return carry_out(*crew, plan);
}

Report process_slices(const AnyVolume& input, const AnyVolume& output, const FilterRef& filter,
                      const Options& options) {
    const SliceInput from{input};
    const SliceOutput to{output};
    return process_slices({.inputs = {&from, 1}, .outputs = {&to, 1}, .filter = filter, .function = {}, .blocks = {}},
                          options);
}

}  // namespace slicepool
