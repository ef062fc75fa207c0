#include "filters_command.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include <slicepool/filters/registry.hpp>

#include "exit_code.hpp"

namespace slicepool::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  slicepool filters
  slicepool filters gaussian)";

int list_filters() {
    std::size_t widest = 0;
    for (const filters::FilterInfo& filter : filters::registry()) widest = std::max(widest, filter.name.size());
    for (const filters::FilterInfo& filter : filters::registry()) {
        std::string parameters;
        for (const filters::ParameterInfo& parameter : filter.parameters)
            parameters += fmt::format("{}{}", parameters.empty() ? "" : ", ", parameter.name);
        fmt::print("{:{}}  {}\n{:{}}  parameters: {}\n", filter.name, widest, filter.summary, "", widest, parameters);
    }
    fmt::print("\n'slicepool filters NAME' explains the parameters of one.\n");
    return kAllDone;
}

int explain_filter(const std::string& name) {
    const filters::FilterInfo& filter = filters::find_filter(name);
    fmt::print("{}: {}\nas in {}\n\n", filter.name, filter.summary, filter.source);
    for (const filters::ParameterInfo& parameter : filter.parameters) {
        const std::string otherwise =
            parameter.default_value.empty() ? "must be given" : fmt::format("default {}", parameter.default_value);
        const std::string unit = parameter.unit.empty() ? "" : fmt::format(", in {}", parameter.unit);
        fmt::print("  {}  ({})\n      {}\n      {}{}\n", parameter.name, otherwise, parameter.meaning, parameter.type,
                   unit);
    }
    return kAllDone;
}

}  // namespace

void add_filters_command(CLI::App& app, std::function<int()>& chosen) {
    const auto name = std::make_shared<std::string>();
    CLI::App* const command = app.add_subcommand("filters", "List the filters, or explain one");
    command->add_option("NAME", *name, "the filter to explain");
    command->footer(kExamples);
    command->callback(
        [name, &chosen] { chosen = [name] { return name->empty() ? list_filters() : explain_filter(*name); }; });
}

}  // namespace slicepool::cli
