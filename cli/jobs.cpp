#include "jobs.hpp"

#include <fmt/format.h>

#include <slicepool/core/error.hpp>
#include <slicepool/core/options.hpp>

#include "os/machine.hpp"

namespace slicepool::cli {

int workers_for(int jobs) try {
    return effective_jobs(jobs, os::usable_cores());
} catch (const InvalidArgument& error) {
    throw InvalidArgument(fmt::format("--jobs {}: {}", jobs, error.what()));
}

}  // namespace slicepool::cli
