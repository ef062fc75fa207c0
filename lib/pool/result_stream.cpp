#include <slicepool/pool/result_stream.hpp>

#include <slicepool/core/error.hpp>
#include "os/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace slicepool {

std::int64_t stream_window(const Options& options) {
    if (!options.window) return std::max<std::int64_t>(256, 16 * std::int64_t{os::usable_cores()});
    if (*options.window < 1)
        throw InvalidArgument(fmt::format("window {}: at least 1 call has to be under way", *options.window));
    return *options.window;
}

}  // namespace slicepool
