#include "progress_display.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "os/terminal.hpp"

namespace slicepool::cli {
namespace {

constexpr double kQuietSeconds = 1.0;
constexpr double kPlainSeconds = 10.0;
constexpr double kPlainFraction = 0.05;
constexpr double kShortestPause = 1.0;

constexpr std::array<std::pair<std::string_view, ProgressStyle>, 5> kStyles{{{"auto", ProgressStyle::automatic},
                                                                             {"bar", ProgressStyle::bar},
                                                                             {"plain", ProgressStyle::plain},
                                                                             {"json", ProgressStyle::json},
                                                                             {"none", ProgressStyle::none}}};

/// The thread that shows progress also keeps the time limits: it must not wait for somebody to read.
void print(std::string_view text) { os::write_without_waiting(text); }

bool same_counts(const Progress& a, const Progress& b) {
    return a.done == b.done && a.failed == b.failed && a.retried == b.retried;
}

}  // namespace

std::vector<std::string> progress_styles() {
    std::vector<std::string> names;
    for (const auto& [name, style] : kStyles) names.emplace_back(name);
    return names;
}

ProgressStyle parse_progress_style(std::string_view name) {
    for (const auto& [known, style] : kStyles)
        if (name == known) return style;
    throw InvalidArgument(fmt::format("--progress {} is none of auto, bar, plain, json, none", name));
}

ProgressDisplay::ProgressDisplay(ProgressStyle style, std::string label)
    : style_(style), quiet_at_first_(style == ProgressStyle::automatic), label_(std::move(label)) {
    if (style_ == ProgressStyle::automatic)
        style_ = os::standard_error_is_terminal() ? ProgressStyle::bar : ProgressStyle::plain;
    if (!label_.empty()) label_ += ": ";
}

ProgressDisplay::~ProgressDisplay() { clear_bar(); }

void ProgressDisplay::show(const Progress& progress) {
    line_.update(progress);
    switch (style_) {
        case ProgressStyle::bar: return draw_bar();
        case ProgressStyle::plain: return print_plain(progress);
        case ProgressStyle::json: return print_json(progress);
        case ProgressStyle::automatic:
        case ProgressStyle::none: return;
    }
}

void ProgressDisplay::draw_bar() {
    // One column stays free: a terminal may start a new line when the last one is filled.
    const std::string text = label_ + line_.text(os::terminal_columns() - 1 - static_cast<int>(label_.size()));
    std::string padded = "\r" + text;
    if (text.size() < drawn_) padded.append(drawn_ - text.size(), ' ');
    print(padded);
    drawn_ = text.size();
}

void ProgressDisplay::clear_bar() {
    if (drawn_ > 0) print(fmt::format("\r{:{}}\r", "", drawn_));
    drawn_ = 0;
}

void ProgressDisplay::print_plain(const Progress& progress) {
    const double now = progress.elapsed.count();
    const bool last = progress.done + progress.failed >= progress.total;
    if (quiet_at_first_ && !printed_ && now < kQuietSeconds) return;
    if (last) {
        // A run may tell of its end twice.
        if (printed_ && same_counts(progress, printed_progress_)) return;
    } else {
        const double pause = now - printed_at_;
        const bool far = line_.fraction() - printed_fraction_ >= kPlainFraction;
        if (pause < kPlainSeconds && !(far && pause >= kShortestPause)) return;
    }
    print(label_ + line_.text() + "\n");
    printed_ = true;
    printed_at_ = now;
    printed_fraction_ = line_.fraction();
    printed_progress_ = progress;
}

void ProgressDisplay::print_json(const Progress& progress) {
    const double now = progress.elapsed.count();
    if (printed_ && same_counts(progress, printed_progress_) && now - printed_at_ < kShortestPause) return;
    print(line_.json() + "\n");
    printed_ = true;
    printed_at_ = now;
    printed_progress_ = progress;
}

}  // namespace slicepool::cli
