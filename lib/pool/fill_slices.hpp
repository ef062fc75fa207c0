// fill_slices.hpp: what stands in the output where slices were not completed.
// Which slices those are is in the report.
#pragma once

#include <slicepool/core/report.hpp>
#include "backends/job.hpp"

namespace slicepool {

/// Overwrites every slice of the run that is not done with options.fill, so that no torn slice is ever visible.
void fill_slices(const Job& job, const Report& report);

}  // namespace slicepool
