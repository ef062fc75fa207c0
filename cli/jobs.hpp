// jobs.hpp: the number of workers that --jobs asks for.
#pragma once

namespace slicepool::cli {

/// At least 1. Throws InvalidArgument, naming the option, for 0.
[[nodiscard]] int workers_for(int jobs);

}  // namespace slicepool::cli
