// info_command.hpp: `slicepool info`: what a file holds, and what a run over it would need.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace slicepool::cli {

/// As add_run_command. Prints to standard output.
void add_info_command(CLI::App& app, std::function<int()>& chosen);

}  // namespace slicepool::cli
