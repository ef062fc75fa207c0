#include "backends/peak_memory.hpp"

#include "os/child.hpp"
#include "os/machine.hpp"

namespace slicepool {

std::size_t proportional_set_of(std::span<const std::int64_t> workers) {
    std::size_t bytes = os::proportional_set_bytes(os::process_id());
    for (const std::int64_t pid : workers) bytes += os::proportional_set_bytes(pid);
    return bytes;
}

}  // namespace slicepool
