#include "parse_error.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "filters/filter_spec.hpp"

namespace slicepool::cli {
namespace {

bool is_parameter(std::string_view word) { return !word.starts_with('-') && word.find('=') != word.npos; }

/// "--filter 'gaussian sigma=3,5'" where the words were given without the quotes; else empty.
std::string quoted_filter(std::span<const char* const> words) {
    for (std::size_t i = 0; i + 2 < words.size(); ++i) {
        const std::string_view option = words[i];
        if ((option != "--filter" && option != "-f") || !is_parameter(words[i + 2])) continue;
        std::string spec = words[i + 1];
        for (std::size_t j = i + 2; j < words.size() && is_parameter(words[j]); ++j)
            spec += fmt::format(" {}", words[j]);
        return fmt::format("{} '{}'", option, spec);
    }
    return {};
}

}  // namespace

std::string explain(const CLI::ParseError& error, const CLI::App& app, std::span<const char* const> words) {
    std::vector<std::string_view> commands;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        commands.push_back(command->get_name());
    const std::string_view first = words.size() > 1 ? words[1] : "";
    const bool known = std::ranges::find(commands, first) != commands.end();
    if (!known && !first.empty() && !first.starts_with('-'))
        return fmt::format("there is no command '{}': {}\n'slicepool --help' shows what can be asked for", first,
                           filters::suggest(first, commands));
    std::string text = error.what();
    if (const std::string filter = quoted_filter(words); !filter.empty())
        text += fmt::format("\na filter and its parameters are one word of the shell, in quotes: {}", filter);
    return text +
           fmt::format("\n'slicepool {}{}--help' shows what can be asked for", known ? first : "", known ? " " : "");
}

}  // namespace slicepool::cli
