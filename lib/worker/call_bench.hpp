// call_bench.hpp: the bench for calls: user code whose results are sent to the host.
#pragma once

#include "worker/work.hpp"

#include <memory>

namespace slicepool {

[[nodiscard]] std::unique_ptr<Bench> make_call_bench(const WorkOrder& order, WorkPlace& place);

}  // namespace slicepool
