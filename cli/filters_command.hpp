// filters_command.hpp: `slicepool filters`: what filters there are and what they take.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace slicepool::cli {

/// As add_run_command. Prints to standard output.
void add_filters_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace slicepool::cli
