// worker_memory.hpp: what a worker process may touch: pixels read-only, but for the outputs of the run at hand.
// Used inside worker processes only.
#pragma once

#include "backends/control_area.hpp"

#include "memory/arena.hpp"
#include "memory/storage.hpp"
#include "os/child.hpp"
#include "os/mapping.hpp"
#include "worker/work_order.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace slicepool {

/// A worker's view of the pixels. The mapping it inherited is writable: it is taken away before the first claim.
class WorkerMemory {
public:
    /// What a worker inherits, as seen by the host before it forks the template.
    struct Inheritance {
        Arena& arena = Arena::instance();  ///< mapped before the fork: volumes made later will be in it
        std::int64_t host_pid = os::process_id();
        std::uint64_t serials = Storage::next_serial();  ///< storages with a smaller serial are mapped
        std::vector<std::span<std::byte>> writable = Storage::writable_ranges();
    };

    explicit WorkerMemory(const Inheritance& inheritance) noexcept : inherited_(inheritance) {}

    /// Sets access for a run and points the order at this process's addresses. Files mapped by the host after the
    /// template was forked are mapped here from the host's descriptor. Throws SystemError.
    void enter_run(const ControlHeader& header, WorkOrder& order);
    /// What the run's guarded outputs lie in, as it is mapped here.
    [[nodiscard]] const FewOf<std::span<std::byte>>& guarded() const noexcept { return guarded_; }

private:
    /// Where the place is now.
    std::span<std::byte> reach(const ControlHeader::Reach& place, os::Access access, PixelMap& pixels);

    void close_what_was_inherited();

    const Inheritance& inherited_;
    std::vector<std::span<std::byte>> writable_;  ///< inherited memory opened for the last run
    std::vector<os::Mapping> own_;                ///< made for the last run
    FewOf<std::span<std::byte>> guarded_;
    bool is_closed_ = false;
};

}  // namespace slicepool
