// slice_bench.hpp: the bench for slices: a filter's kernel between two volumes.
#pragma once

#include "worker/work.hpp"

#include <memory>

namespace slicepool {

[[nodiscard]] std::unique_ptr<Bench> make_slice_bench(const WorkOrder& order, WorkPlace& place);

}  // namespace slicepool
