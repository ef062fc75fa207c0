#include "backends/worker_limits.hpp"

#include "os/machine.hpp"

namespace slicepool {

bool WorkerLimits::may_go_on(const WorkOrder& order) const {
    const std::int64_t in_run = slices_in_run();
    if (in_run == 0) return true;  // even a limit that is met at birth must not stop the run
    const std::int64_t slices = order.max_slices_per_worker;
    if (slices > 0 && slices_before_ + in_run >= slices) return false;
    const std::size_t bytes = order.max_private_bytes_per_worker;
    return bytes == 0 || os::private_bytes(bytes) < bytes;
}

}  // namespace slicepool
