// restart_policy.hpp: whether and when a dead worker is replaced.
// No clock and no process here; see supervisor.hpp for the deed.
#pragma once

#include <slicepool/core/options.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace slicepool {

/// Past deaths, as the supervisor saw them. Times count from any fixed moment.
struct DeathHistory {
    std::vector<std::chrono::nanoseconds> deaths_without_progress;  ///< since a slice was last completed, oldest first
};

struct RestartDecision {
    enum class What { restart, give_up };
    What what = What::restart;
    std::chrono::milliseconds delay{0};  ///< how long to wait before the restart
    std::string reason;                  ///< when giving up
};

/// Erlang's restart intensity: so many deaths within a window, with nothing achieved in between, and it gives up.
class RestartPolicy {
public:
    /// Gives up beyond so many deaths within the window; waits before a restart once half of them are used up.
    explicit RestartPolicy(const RestartIntensity& intensity) noexcept;
    /// What a crew gets that asks for nothing else: max(10, 2 x workers) deaths in 5 s.
    [[nodiscard]] static RestartIntensity default_for(int worker_count) noexcept;
    /// And of deaths in slices, each of which is tried again or given up: ten times as many.
    [[nodiscard]] static RestartIntensity default_in_slices(int worker_count) noexcept;

    [[nodiscard]] RestartDecision decide(const DeathHistory& history) const;

private:
    std::size_t most_deaths_;
    std::chrono::nanoseconds window_;
};

}  // namespace slicepool
