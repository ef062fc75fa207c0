// run_command.hpp: `slicepool run`: filter the slices of a volume in a file, into a new file.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace slicepool::cli {

/// Adds the subcommand to `app`; when it was parsed, `chosen` holds what to do, which returns the exit code and throws
/// as cli's other commands do (slicepool::Error for what cannot run). `words` is the whole command line.
void add_run_command(CLI::App& app, const std::vector<std::string>& words, std::function<int()>& chosen);

}  // namespace slicepool::cli
