// figures.hpp: how a benchmark tells its figures: one a line, with its target where it has one, as soon as it is there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "os/machine.hpp"

namespace slicepool::bench {

/// `values` must not be empty.
inline double quantile(std::vector<double> values, double fraction) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1))];
}

/// A figure, formatted, and what became of its target; at once, also into a pipe.
inline void tell(std::string_view what, std::string_view figure, double value = 0, std::optional<double> target = {}) {
    fmt::print("{:<66} {:>10}", what, figure);
    if (target) fmt::print("  target <= {:<5} {}", *target, value <= *target ? "met" : "MISSED");
    fmt::print("\n");
    std::fflush(stdout);
}

/// Says when others have kept the machine busy: more than `own` processes of ours.
inline void tell_of_load(double own) {
    double load = 0;
    if (::getloadavg(&load, 1) != 1 || load <= own + 0.5) return;
    fmt::print("the machine is loaded (load average {:.1f}, {} cores): these figures are not representative\n", load,
               os::usable_cores());
    std::fflush(stdout);
}

}  // namespace slicepool::bench
