// worker_memory.hpp: what a worker process may touch: pixels read-only, but for the output of the run at hand.
// Used inside worker processes only.
#pragma once

#include "backends/control_area.hpp"

#include "memory/arena.hpp"
#include "os/mapping.hpp"

#include <cstdint>
#include <span>

namespace slicepool {

/// A worker's view of the pixels. The mapping it inherited is writable: it is taken away before the first claim.
class WorkerMemory {
public:
    /// `arena`: the host's. `inherited_serials`: storages with a smaller serial were mapped when the template was forked.
    WorkerMemory(Arena& arena, std::int64_t host_pid, std::uint64_t inherited_serials) noexcept
        : arena_(arena), host_pid_(host_pid), inherited_serials_(inherited_serials) {}

    /// Sets access for a run and points the order at this process's addresses. Files mapped by the host after the
    /// template was forked are mapped here from the host's descriptor. Throws SystemError.
    void enter_run(const ControlHeader& header, WorkOrder& order);
    /// The run's output as it is mapped here.
    [[nodiscard]] std::span<std::byte> output() const noexcept {
        return writable_.empty() ? own_output_.range() : writable_;
    }

private:
    void reach(const ControlHeader::Reach& place, os::Access access, PixelMap& pixels, os::Mapping& own);

    Arena& arena_;
    std::int64_t host_pid_;
    std::uint64_t inherited_serials_;
    std::span<std::byte> writable_;  ///< inherited memory opened for the last run
    bool arena_is_closed_ = false;
    os::Mapping own_input_;
    os::Mapping own_output_;
};

}  // namespace slicepool
