#include "filters/filter_spec.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <slicepool/core/error.hpp>

namespace slicepool::filters {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";

// Levenshtein's distance, one row of the table at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

std::optional<bool> read_truth(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<std::string_view> read_text(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

FilterSpec FilterSpec::split(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = text.find_first_not_of(kBlanks); at != text.npos; at = text.find_first_not_of(kBlanks, at)) {
        const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    if (words.empty()) throw InvalidArgument("a filter needs a name, such as 'gaussian sigma=3', not a blank text");

    FilterSpec spec{words.front(), {}};
    for (const std::string_view word : std::span(words).subspan(1)) {
        const std::size_t equals = word.find('=');
        if (equals == word.npos || equals == 0)
            throw InvalidArgument(
                fmt::format("{}: '{}' is not of the form parameter=value (without blanks)", spec.name, word));
        spec.parameters.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    return spec;
}

std::string_view nearest_of(std::string_view name, std::span<const std::string_view> names) {
    const auto nearest = std::min_element(names.begin(), names.end(), [&](std::string_view a, std::string_view b) {
        return edit_distance(name, a) < edit_distance(name, b);
    });
    if (nearest == names.end() || 2 * edit_distance(name, *nearest) > std::max(name.size(), nearest->size())) return {};
    return *nearest;
}

std::string suggest(std::string_view name, std::span<const std::string_view> names) {
    const std::string_view nearest = nearest_of(name, names);
    const std::string all = fmt::format("here are: {}", fmt::join(names, ", "));
    return nearest.empty() ? "t" + all : fmt::format("did you mean '{}'? T{}", nearest, all);
}

SpecValues::SpecValues(const FilterInfo& info, FilterSpec spec) : filter_(info.name), spec_(std::move(spec)) {
    std::vector<std::string_view> names;
    for (const ParameterInfo& parameter : info.parameters) names.push_back(parameter.name);
    std::vector<std::string_view> given;
    for (const auto& [name, value] : spec_.parameters) {
        if (std::ranges::find(names, name) == names.end())
            throw InvalidArgument(fmt::format("{} has no parameter '{}': {}", filter_, name, suggest(name, names)));
        if (std::ranges::find(given, name) != given.end())
            throw InvalidArgument(fmt::format("{}: {} is given twice", filter_, name));
        given.push_back(name);
    }
    for (const ParameterInfo& parameter : info.parameters)
        if (parameter.default_value.empty() && std::ranges::find(given, parameter.name) == given.end())
            throw InvalidArgument(
                fmt::format("{} needs {}=... ({}): {}", filter_, parameter.name, parameter.type, parameter.meaning));
}

std::optional<std::string_view> SpecValues::text(std::string_view parameter) const {
    for (const auto& [name, value] : spec_.parameters)
        if (name == parameter) return value;
    return std::nullopt;
}

template <class T, class Read>
std::optional<T> SpecValues::single(std::string_view parameter, std::string_view right, Read read) const {
    const std::optional<std::string_view> value = text(parameter);
    if (!value) return std::nullopt;
    const std::optional<T> result = read(*value);
    if (!result) refuse(parameter, *value, right);
    return result;
}

template <class T, class Read>
std::optional<std::array<T, 2>> SpecValues::pair(std::string_view parameter, std::string_view right, Read read) const {
    const std::optional<std::string_view> value = text(parameter);
    if (!value) return std::nullopt;
    const std::size_t comma = value->find(',');
    const std::optional<T> rows = read(value->substr(0, comma));
    const std::optional<T> columns = comma == value->npos ? rows : read(value->substr(comma + 1));
    if (!rows || !columns) refuse(parameter, *value, right);
    return std::array<T, 2>{*rows, *columns};
}

void SpecValues::refuse(std::string_view parameter, std::string_view value, std::string_view right) const {
    throw InvalidArgument(fmt::format("{}: {} must be {}, not '{}'", filter_, parameter, right, value));
}

std::optional<double> SpecValues::number(std::string_view parameter) const {
    return single<double>(parameter, "a number, such as 2.5", read_number<double>);
}

std::optional<int> SpecValues::whole_number(std::string_view parameter) const {
    return single<int>(parameter, "a whole number, such as 3", read_number<int>);
}

std::optional<bool> SpecValues::truth(std::string_view parameter) const {
    return single<bool>(parameter, "true or false", read_truth);
}

std::optional<std::array<double, 2>> SpecValues::numbers(std::string_view parameter) const {
    return pair<double>(parameter, "a number, or two for rows,columns, such as 2.5 or 3,5", read_number<double>);
}

std::optional<std::array<int, 2>> SpecValues::whole_numbers(std::string_view parameter) const {
    return pair<int>(parameter, "a whole number, or two for rows,columns, such as 3 or 3,5", read_number<int>);
}

std::optional<std::array<std::string_view, 2>> SpecValues::texts(std::string_view parameter) const {
    return pair<std::string_view>(parameter, "a name, or two for rows,columns, such as reflect or reflect,wrap",
                                  read_text);
}

}  // namespace slicepool::filters
