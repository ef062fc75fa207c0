// now.hpp: the steady clock as the number that the run's records hold.
#pragma once

#include <chrono>
#include <cstdint>

namespace slicepool {

[[nodiscard]] inline std::int64_t now_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace slicepool
