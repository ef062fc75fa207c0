// filter_spec.hpp: the text "name parameter=value ..." taken apart and checked against what the filter declares.
// It does not know the filters; registry.cpp does.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slicepool/filters/registry.hpp>

namespace slicepool::filters {

/// Text split at blanks; views of it.
struct FilterSpec {
    std::string_view name;
    std::vector<std::pair<std::string_view, std::string_view>> parameters;

    /// Throws InvalidArgument when it is blank, or a later word is not parameter=value.
    [[nodiscard]] static FilterSpec split(std::string_view text);
};

/// The nearest of `names` by edit distance; empty when none is near.
[[nodiscard]] std::string_view nearest_of(std::string_view name, std::span<const std::string_view> names);

/// "'gausian' ... did you mean 'gaussian'? ..." : the end of a message about an unknown name, with the nearest of
/// `names` (by edit distance, when near at all) and all of them.
[[nodiscard]] std::string suggest(std::string_view name, std::span<const std::string_view> names);

/// The values of one spec. Each question names a parameter `info` declares and gives nothing when it is absent; it
/// throws InvalidArgument, naming filter, parameter, value and what would be right, when the value is not of that kind.
class SpecValues {
public:
    /// Throws InvalidArgument for a parameter that is unknown, given twice, or missing though it has no default.
    SpecValues(const FilterInfo& info, FilterSpec spec);

    [[nodiscard]] std::string_view filter() const noexcept { return filter_; }
    [[nodiscard]] std::optional<double> number(std::string_view parameter) const;
    [[nodiscard]] std::optional<int> whole_number(std::string_view parameter) const;
    [[nodiscard]] std::optional<bool> truth(std::string_view parameter) const;  ///< "true" or "false"
    [[nodiscard]] std::optional<std::string_view> text(std::string_view parameter) const;
    /// "rows,columns", or one value for both.
    [[nodiscard]] std::optional<std::array<double, 2>> numbers(std::string_view parameter) const;
    [[nodiscard]] std::optional<std::array<int, 2>> whole_numbers(std::string_view parameter) const;
    [[nodiscard]] std::optional<std::array<std::string_view, 2>> texts(std::string_view parameter) const;

private:
    template <class T, class Read>
    std::optional<T> single(std::string_view parameter, std::string_view right, Read read) const;
    template <class T, class Read>
    std::optional<std::array<T, 2>> pair(std::string_view parameter, std::string_view right, Read read) const;
    [[noreturn]] void refuse(std::string_view parameter, std::string_view value, std::string_view right) const;

    std::string_view filter_;
    FilterSpec spec_;
};

}  // namespace slicepool::filters
