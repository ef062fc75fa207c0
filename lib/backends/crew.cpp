#include "backends/crew.hpp"

#include "backends/process_crew.hpp"
#include "backends/serial_crew.hpp"
#include "backends/thread_crew.hpp"

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <limits>

namespace slicepool {

std::unique_ptr<Crew> make_crew(const CrewPlan& plan) {
    if (plan.worker_count > std::numeric_limits<decltype(Owner::slot)>::max())
        throw InvalidArgument(fmt::format("{} workers: 65535 are the most", plan.worker_count));
    switch (plan.backend) {
        case Backend::serial: return std::make_unique<SerialCrew>(plan);
        case Backend::threads: return std::make_unique<ThreadCrew>(plan);
        case Backend::processes: break;
    }
    return std::make_unique<ProcessCrew>(plan);
}

}  // namespace slicepool
