#include "backends/crew.hpp"

#include "backends/process_crew.hpp"
#include "backends/serial_crew.hpp"
#include "backends/thread_crew.hpp"

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <limits>

namespace slicepool {

std::unique_ptr<Crew> make_crew(Backend backend, int worker_count, std::int64_t most_slices) {
    if (worker_count > std::numeric_limits<decltype(Owner::slot)>::max())
        throw InvalidArgument(fmt::format("{} workers: 65535 are the most", worker_count));
    switch (backend) {
        case Backend::serial: return std::make_unique<SerialCrew>(most_slices);
        case Backend::threads: return std::make_unique<ThreadCrew>(worker_count, most_slices);
        case Backend::processes: break;
    }
    return std::make_unique<ProcessCrew>(worker_count, most_slices);
}

}  // namespace slicepool
