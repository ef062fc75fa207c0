// shared_memory_shield.hpp: closes a worker process's shared memory while the filter runs.
// For worker processes only: access is changed for the whole process.
#pragma once

#include "worker/work.hpp"

#include <cstddef>
#include <span>

namespace slicepool {

/// Between raise() and lower() the control memory cannot be written, and `own_pages` (whole pages of an output that is
/// otherwise read-only) can.
class SharedMemoryShield final : public Shield {
public:
    explicit SharedMemoryShield(std::span<std::byte> control) noexcept : control_(control) {}

    void raise(std::span<std::byte> own_pages) override;
    void lower() noexcept override;

private:
    std::span<std::byte> control_;
    std::span<std::byte> own_pages_;
};

}  // namespace slicepool
