// carry_out.hpp: a planned run on a crew, from first claim to filled gaps and complete report.
#pragma once

#include "pool/plan.hpp"

#include <slicepool/core/report.hpp>
#include "backends/crew.hpp"

namespace slicepool {

/// Runs the plan's job and makes good what was not completed.
[[nodiscard]] Report carry_out(Crew& crew, const Plan& plan);

/// The report of a run without slices: nothing to do, nobody needed.
[[nodiscard]] Report nothing_to_do(const Plan& plan, Backend backend);

}  // namespace slicepool
