#include "supervision/restart_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace slicepool {

RestartPolicy::RestartPolicy(const RestartIntensity& intensity) noexcept
    : most_deaths_(static_cast<std::size_t>(std::max(intensity.deaths, 0))),
      window_(std::chrono::duration_cast<std::chrono::nanoseconds>(intensity.window)) {}

RestartIntensity RestartPolicy::default_for(int worker_count) noexcept {
    return {.deaths = std::max(10, 2 * worker_count), .window = std::chrono::seconds(5)};
}

RestartIntensity RestartPolicy::default_in_slices(int worker_count) noexcept {
    RestartIntensity intensity = default_for(worker_count);
    intensity.deaths *= 10;
    return intensity;
}

RestartDecision RestartPolicy::decide(const DeathHistory& history) const {
    const auto& deaths = history.deaths_without_progress;
    if (deaths.empty()) return {};
    const auto recent = static_cast<std::size_t>(std::ranges::count_if(
        deaths, [&](std::chrono::nanoseconds death) { return deaths.back() - death <= window_; }));
    if (recent > most_deaths_)
        return {RestartDecision::What::give_up,
                {},
                fmt::format("{} workers died within {} s without completing a slice", recent,
                            std::chrono::duration<double>(window_).count())};
    const std::size_t half = most_deaths_ / 2;
    if (recent <= half) return {};
    const auto doublings = std::min<std::size_t>(recent - half - 1, 6);
    return {RestartDecision::What::restart, std::chrono::milliseconds(1 << doublings), {}};
}

}  // namespace slicepool
