// parse_error.hpp: what is said about a command line that cannot be taken apart.
// What its words mean, once taken apart, is checked elsewhere; see run_request.hpp.
#pragma once

#include <span>
#include <string>

#include <CLI/CLI.hpp>

namespace slicepool::cli {

/// `error` in words: the nearest command to one that is not there, a hint at quotes that the shell took away, and which
/// help to ask for. `words` are those of the command line, the program's name first.
[[nodiscard]] std::string explain(const CLI::ParseError& error, const CLI::App& app,
                                  std::span<const char* const> words);

}  // namespace slicepool::cli
