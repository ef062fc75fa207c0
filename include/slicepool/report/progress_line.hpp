// progress_line.hpp: how far a run is, as one line of text in tqdm's grammar or as a line of JSON.
// It only formats: no clock, no terminal and no decision when to show it.
#pragma once

#include <optional>
#include <string>

#include <slicepool/core/options.hpp>

namespace slicepool::report {

/// Follows one run. Each update feeds the estimate of the pace; the questions are about the last update.
class ProgressLine {
public:
    void update(const Progress& progress);

    /// " 50%|#####     | 8/16 [00:02<00:02, 3.91slice/s]", with ", 1 failed, 2 retried" before the bracket where there
    /// are any. Slices that failed count as settled. Below one slice a second the pace is "2.52s/slice"; what is not
    /// known yet is "?". The bar takes what is left of `columns`, and goes when that is too little; then the line may be
    /// longer than asked for. The grammar is that of tqdm 4 with ascii=" #".
    [[nodiscard]] std::string text(int columns) const;
    /// The same with a bar of ten characters, for logs.
    [[nodiscard]] std::string text() const;

    /// {"t":2.05,"done":8,"total":16,"failed":0,"retried":0,"rate":3.91,"eta":2.05} without a line feed: seconds since
    /// the start; slices completed, given up and in all; attempts beyond the first; slices a second and seconds to the
    /// end, null when not known yet.
    [[nodiscard]] std::string json() const;

    /// Slices done or given up, as a fraction of all; 1 for a run without slices.
    [[nodiscard]] double fraction() const noexcept;
    /// Slices a second: weighted towards the last few seconds while the run is under way, the mean once it is over.
    [[nodiscard]] std::optional<double> rate() const noexcept;
    /// Seconds to the end.
    [[nodiscard]] std::optional<double> eta() const noexcept;

private:
    [[nodiscard]] std::string assemble(int bar_width) const;
    [[nodiscard]] std::string tail() const;

    Progress last_;
    double changed_at_ = 0.0;  ///< elapsed seconds when the last slice was settled
    std::int64_t settled_ = 0;
    double weighted_slices_ = 0.0;
    double weighted_seconds_ = 0.0;
};

}  // namespace slicepool::report
