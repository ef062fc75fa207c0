#include <slicepool/report/progress_line.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace slicepool::report {
namespace {

constexpr double kMemorySeconds = 5.0;  // what happened this long ago counts 1/e
constexpr int kLogBar = 10;
constexpr int kShortestBar = 4;

/// "02:05", or "1:02:05" from an hour on.
std::string clock_time(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds);
    const std::int64_t hours = whole / 3600;
    const std::int64_t minutes = whole / 60 % 60;
    return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60)
                     : fmt::format("{:02}:{:02}", minutes, whole % 60);
}

std::string pace(std::optional<double> rate) {
    if (!rate) return "?slice/s";
    return *rate < 1.0 ? fmt::format("{:.2f}s/slice", 1.0 / *rate) : fmt::format("{:.2f}slice/s", *rate);
}

}  // namespace

void ProgressLine::update(const Progress& progress) {
    last_ = progress;
    const std::int64_t settled = progress.done + progress.failed;
    const double seconds = progress.elapsed.count() - changed_at_;
    if (settled <= settled_ || seconds <= 0) return;
    const double kept = std::exp(-seconds / kMemorySeconds);
    weighted_slices_ = kept * weighted_slices_ + static_cast<double>(settled - settled_);
    weighted_seconds_ = kept * weighted_seconds_ + seconds;
    settled_ = settled;
    changed_at_ = progress.elapsed.count();
}

double ProgressLine::fraction() const noexcept {
    if (last_.total <= 0) return 1.0;
    return std::min(1.0, static_cast<double>(last_.done + last_.failed) / static_cast<double>(last_.total));
}

std::optional<double> ProgressLine::rate() const noexcept {
    if (weighted_seconds_ <= 0) return std::nullopt;
    if (last_.done + last_.failed >= last_.total) return static_cast<double>(settled_) / last_.elapsed.count();
    return weighted_slices_ / weighted_seconds_;
}

std::optional<double> ProgressLine::eta() const noexcept {
    const std::int64_t left = last_.total - last_.done - last_.failed;
    if (left <= 0) return 0.0;
    const std::optional<double> slices_a_second = rate();
    if (!slices_a_second) return std::nullopt;
    const double since_change = last_.elapsed.count() - changed_at_;
    return std::max(0.0, static_cast<double>(left) / *slices_a_second - since_change);
}

std::string ProgressLine::tail() const {
    const std::optional<double> seconds_left = eta();
    std::string text =
        fmt::format("| {}/{} [{}<{}, {}", last_.done + last_.failed, last_.total, clock_time(last_.elapsed.count()),
                    seconds_left ? clock_time(*seconds_left) : "?", pace(rate()));
    if (last_.failed > 0) text += fmt::format(", {} failed", last_.failed);
    if (last_.retried > 0) text += fmt::format(", {} retried", last_.retried);
    return text + "]";
}

std::string ProgressLine::assemble(int bar_width) const {
    // Rounded down: 100 % is for when it is all done.
    const std::string head = fmt::format("{:3}%", static_cast<int>(100.0 * fraction()));
    const int filled = static_cast<int>(fraction() * bar_width);
    return fmt::format("{}|{:#<{}}{:{}}{}", head, "", filled, "", bar_width - filled, tail());
}

std::string ProgressLine::text(int columns) const {
    const auto bar = columns - static_cast<int>(assemble(0).size());
    if (bar >= kShortestBar) return assemble(bar);
    std::string without_bar = tail();
    return fmt::format("{:3}%{}", static_cast<int>(100.0 * fraction()), without_bar.substr(1));
}

std::string ProgressLine::text() const { return assemble(kLogBar); }

std::string ProgressLine::json() const {
    const auto number = [](std::optional<double> value) { return value ? fmt::format("{:.6g}", *value) : "null"; };
    return fmt::format(R"({{"t":{:.3f},"done":{},"total":{},"failed":{},"retried":{},"rate":{},"eta":{}}})",
                       last_.elapsed.count(), last_.done, last_.total, last_.failed, last_.retried, number(rate()),
                       number(eta()));
}

}  // namespace slicepool::report
