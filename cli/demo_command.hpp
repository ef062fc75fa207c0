// demo_command.hpp: `slicepool demo`: one example on every backend and, where it is installed, in Python.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace slicepool::cli {

/// As add_run_command. Prints to standard output, progress to standard error.
void add_demo_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace slicepool::cli
