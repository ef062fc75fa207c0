// progress_display.hpp: shows progress on standard error in the way that was asked for, and not more often than useful.
// How a line looks is in report/progress_line.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <slicepool/core/options.hpp>
#include <slicepool/report/progress_line.hpp>

namespace slicepool::cli {

enum class ProgressStyle : std::uint8_t {
    automatic,  ///< bar on a terminal; elsewhere plain, but nothing for a run that ends within a second
    bar,        ///< one line, drawn over itself, gone at the end
    plain,      ///< a line every 10 s or 5 %, whichever comes first, at most one a second
    json,       ///< a line of JSON whenever something has changed, and every second
    none,
};

/// The words of --progress, for help and checking.
[[nodiscard]] std::vector<std::string> progress_styles();
/// Throws InvalidArgument, listing them.
[[nodiscard]] ProgressStyle parse_progress_style(std::string_view name);

/// The display of one run. One thread at a time.
class ProgressDisplay {
public:
    /// `label` stands before bars and plain lines, as "label: ".
    explicit ProgressDisplay(ProgressStyle style, std::string label = {});
    /// Takes the bar away.
    ~ProgressDisplay();
    ProgressDisplay(const ProgressDisplay&) = delete;
    ProgressDisplay& operator=(const ProgressDisplay&) = delete;

    void show(const Progress& progress);

private:
    void draw_bar();
    void clear_bar();
    void print_plain(const Progress& progress);
    void print_json(const Progress& progress);

    ProgressStyle style_;
    bool quiet_at_first_;
    std::string label_;
    report::ProgressLine line_;
    std::size_t drawn_ = 0;  // characters of the bar on the screen
    bool printed_ = false;
    double printed_at_ = 0.0;  // seconds
    double printed_fraction_ = 0.0;
    Progress printed_progress_;
};

}  // namespace slicepool::cli
