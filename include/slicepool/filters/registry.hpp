// registry.hpp: the filters by name, what they take, and how to make them from text such as "gaussian sigma=3,5".
// C++ programs need none of this: they call filters::gaussian({...}) and the like.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <slicepool/core/filter.hpp>
#include <slicepool/filters/chain.hpp>

namespace slicepool::filters {

/// For people to read. The texts live as long as the program.
struct ParameterInfo {
    std::string_view name;
    std::string_view type;           ///< e.g. "number or pair of numbers"
    std::string_view default_value;  ///< as one would write it; empty when the parameter must be given
    std::string_view unit;           ///< empty for pure numbers
    std::string_view meaning;
};

struct FilterInfo {
    std::string_view name;
    std::string_view summary;
    std::span<const ParameterInfo> parameters;
    std::string_view source;  ///< the reference implementation, paper
};

/// All filters, by name in alphabetical order.
[[nodiscard]] std::span<const FilterInfo> registry() noexcept;

/// Throws InvalidArgument, with the nearest name and the list, when there is no filter `name`.
[[nodiscard]] const FilterInfo& find_filter(std::string_view name);

/// The filter a text describes: its name, then parameter=value, separated by blanks, in any order:
///   gaussian sigma=3,5 mode=reflect      pairs are rows,columns; one value stands for both
///   fresnel ratio=100 dim=2 apply_log=false
/// Numbers are written the C way whatever the locale. Throws InvalidArgument for an unknown filter or parameter (with
/// the nearest name and the list), one that is missing or given twice, a value that is not of the parameter's type,
/// and what the filter itself refuses.
[[nodiscard]] AnyFilter parse_filter(std::string_view spec);

/// A chain of such texts; one text alone is that filter. Errors in one of several name it by its place. Throws
/// InvalidArgument when there is none.
[[nodiscard]] AnyFilter parse_chain(std::span<const std::string> specs);

}  // namespace slicepool::filters
