// ndimage_case.hpp: gaussian, uniform and median asked for in words, as the reference manifests write them:
// "gaussian sigma=3,5 mode=reflect,wrap cval=0 truncate=4 radius=-1,-1". Tests only; users' words are parsed elsewhere.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include <slicepool/core/filter.hpp>
#include <slicepool/filters/gaussian.hpp>
#include <slicepool/filters/median.hpp>
#include <slicepool/filters/uniform.hpp>

#include "support/reference_data.hpp"

namespace slicepool::reference {

using Words = std::map<std::string, std::string>;

/// "a=1 b=2" as a map; the first word, which has no '=', is under "filter".
inline Words split_words(const std::string& line) {
    Words words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) {
        const auto equals = word.find('=');
        if (equals == word.npos)
            words["filter"] = word;
        else
            words[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return words;
}

/// "3,5" as two texts; "3" stands for both.
inline std::array<std::string, 2> pair_of(const std::string& text) {
    const auto comma = text.find(',');
    return comma == text.npos ? std::array{text, text} : std::array{text.substr(0, comma), text.substr(comma + 1)};
}

inline AnyFilter make_filter(const Words& words) {
    const auto text = [&words](const char* name, const char* otherwise) {
        const auto found = words.find(name);
        return found == words.end() ? std::string(otherwise) : found->second;
    };
    const auto modes = pair_of(text("mode", "reflect"));
    const filters::AxisBoundaries mode{filters::parse_boundary(modes[0]), filters::parse_boundary(modes[1])};
    const double cval = std::stod(text("cval", "0"));
    const auto size = pair_of(text("size", "3"));
    const std::array sizes{std::stoi(size[0]), std::stoi(size[1])};
    if (words.at("filter") == "gaussian") {
        const auto sigma = pair_of(text("sigma", "1"));
        const auto radius = pair_of(text("radius", "-1"));
        return filters::gaussian({.sigma = {std::stod(sigma[0]), std::stod(sigma[1])},
                                  .mode = mode,
                                  .cval = cval,
                                  .truncate = std::stod(text("truncate", "4")),
                                  .radius = {std::stoi(radius[0]), std::stoi(radius[1])}});
    }
    if (words.at("filter") == "uniform") return filters::uniform({.size = sizes, .mode = mode, .cval = cval});
    if (words.at("filter") == "median") return filters::median({.size = sizes, .mode = mode.rows, .cval = cval});
    throw std::runtime_error("no filter called " + words.at("filter"));
}

/// The filter's result on a C-contiguous two-dimensional array.
inline Array apply_to(const AnyFilter& filter, const Array& input, DType wish) {
    const SliceSpec spec{{input.shape.at(0), input.shape.at(1)}, input.dtype};
    const FilterPlan plan = filter.plan(spec, wish);
    Array output{.shape = {plan.output.shape.rows, plan.output.shape.columns}, .dtype = plan.output.dtype, .bytes = {}};
    output.bytes.resize(static_cast<std::size_t>(output.count()) * size_of(output.dtype));
    Array copy = input;
    filter.prepare(spec, wish)
        ->apply(contiguous_slice(copy.bytes.data(), copy.dtype, spec.shape),
                contiguous_slice(output.bytes.data(), output.dtype, plan.output.shape));
    return output;
}

}  // namespace slicepool::reference
