// shared_memory_shield.hpp: closes a worker process's shared memory while the filter runs.
// For worker processes only: access is changed for the whole process.
#pragma once

#include "worker/work.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace slicepool {

/// Between raise() and lower() the control memory cannot be written, and `own_pages` (whole pages of outputs that are
/// otherwise read-only) can.
class SharedMemoryShield final : public Shield {
public:
    explicit SharedMemoryShield(std::span<std::byte> control) noexcept : control_(control) {}

    /// Before a run's first slice. `outputs`: what raise() opens page by page. `only_if_cheap`: the shield is
    /// given up for the rest of the run once it is seen to cost 1 % of the slices' time.
    void begin_run(const FewOf<std::span<std::byte>>& outputs, bool only_if_cheap) noexcept;

    void raise(const FewOf<std::span<std::byte>>& own_pages) override;
    void lower() noexcept override;

private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] bool costs_too_much() const noexcept;

    std::span<std::byte> control_;
    FewOf<std::span<std::byte>> outputs_;
    FewOf<std::span<std::byte>> own_pages_;
    bool only_if_cheap_ = false;
    bool given_up_ = false;
    std::int64_t slices_ = 0;
    Clock::duration computing_{};  ///< between raise() and lower(), over all slices
    Clock::duration raising_{};    ///< of the slice at hand
    Clock::duration cheapest_{};   ///< raise() and lower() of one slice; of many, for a single one may be interrupted
    Clock::time_point raised_;
};

}  // namespace slicepool
