#include <slicepool/filters/registry.hpp>

#include "filters/filter_spec.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>
#include <slicepool/filters/boundary.hpp>
#include <slicepool/filters/fresnel.hpp>
#include <slicepool/filters/gaussian.hpp>
#include <slicepool/filters/median.hpp>
#include <slicepool/filters/uniform.hpp>

namespace slicepool::filters {
namespace {

constexpr std::string_view kNumber = "number";
constexpr std::string_view kWholeNumber = "whole number";
constexpr std::string_view kTruth = "true or false";
constexpr std::string_view kNumbers = "number, or two for rows,columns";
constexpr std::string_view kWholeNumbers = "whole number, or two for rows,columns";

constexpr ParameterInfo kCval{"cval", kNumber, "0", "pixel value", "what lies beyond the edge in mode constant"};
constexpr ParameterInfo kModes{"mode", "reflect, nearest, wrap, mirror or constant, or two for rows,columns", "reflect",
                               "", "how the image continues beyond its edges, by scipy's names"};

constexpr std::array kFresnelParameters{
    ParameterInfo{"ratio", kNumber, "", "", "strength of the low pass, >= 0; a sinogram takes 10 to 1000"},
    ParameterInfo{"dim", "1 or 2", "1", "",
                  "1 filters each row by itself (sinograms), 2 the whole slice (projections)"},
    ParameterInfo{"pad", kWholeNumber, "150", "pixels", "how far the edge pixels are repeated before the transform"},
    ParameterInfo{"apply_log", kTruth, "true", "", "filter -log(pixel) and return exp(-result)"},
};

constexpr std::array kGaussianParameters{
    ParameterInfo{"sigma", kNumbers, "", "pixels", "standard deviation, >= 0; 0 leaves the axis alone"},
    kModes,
    kCval,
    ParameterInfo{"truncate", kNumber, "4", "sigma", "where the kernel ends"},
    ParameterInfo{"radius", kWholeNumbers, "-1", "pixels",
                  "where the kernel ends, instead of truncate; -1: by truncate"},
};

constexpr std::array kMedianParameters{
    ParameterInfo{"size", kWholeNumbers, "", "pixels", "extent of the window, >= 1"},
    ParameterInfo{"mode", "reflect, nearest, wrap, mirror or constant", kModes.default_value, "", kModes.meaning},
    kCval,
};

constexpr std::array kUniformParameters{
    ParameterInfo{"size", kWholeNumbers, "", "pixels", "extent of the window, >= 1"},
    kModes,
    kCval,
};

constexpr std::array kFilters{
    FilterInfo{"fresnel", "low-pass filter based on the Fresnel propagator, for X-ray tomography", kFresnelParameters,
               "algotom.prep.filtering.fresnel_filter, Algotom 1.6; doi:10.1364/OE.418448"},
    FilterInfo{"gaussian", "Gaussian smoothing", kGaussianParameters,
               "scipy.ndimage.gaussian_filter (order 0), SciPy 1.17"},
    FilterInfo{"median", "median of a rectangle around each pixel", kMedianParameters,
               "scipy.ndimage.median_filter, SciPy 1.17"},
    FilterInfo{"uniform", "mean of a rectangle around each pixel", kUniformParameters,
               "scipy.ndimage.uniform_filter, SciPy 1.17"},
};

Boundary boundary(const SpecValues& values, std::string_view name) try {
    return parse_boundary(name);
} catch (const InvalidArgument& error) {
    throw InvalidArgument(fmt::format("{}: {}", values.filter(), error.what()));
}

AxisBoundaries boundaries(const SpecValues& values, AxisBoundaries otherwise) {
    const auto names = values.texts("mode");
    return names ? AxisBoundaries(boundary(values, (*names)[0]), boundary(values, (*names)[1])) : otherwise;
}

AnyFilter make_fresnel(const SpecValues& values) {
    FresnelParameters parameters;
    parameters.ratio = values.number("ratio").value_or(parameters.ratio);
    parameters.dim = values.whole_number("dim").value_or(parameters.dim);
    parameters.pad = values.whole_number("pad").value_or(parameters.pad);
    parameters.apply_log = values.truth("apply_log").value_or(parameters.apply_log);
    return fresnel(parameters);
}

AnyFilter make_gaussian(const SpecValues& values) {
    GaussianParameters parameters;
    parameters.sigma = values.numbers("sigma").value_or(parameters.sigma);
    parameters.mode = boundaries(values, parameters.mode);
    parameters.cval = values.number("cval").value_or(parameters.cval);
    parameters.truncate = values.number("truncate").value_or(parameters.truncate);
    parameters.radius = values.whole_numbers("radius").value_or(parameters.radius);
    return gaussian(parameters);
}

AnyFilter make_median(const SpecValues& values) {
    MedianParameters parameters;
    parameters.size = values.whole_numbers("size").value_or(parameters.size);
    if (const auto mode = values.text("mode")) parameters.mode = boundary(values, *mode);
    parameters.cval = values.number("cval").value_or(parameters.cval);
    return median(parameters);
}

AnyFilter make_uniform(const SpecValues& values) {
    UniformParameters parameters;
    parameters.size = values.whole_numbers("size").value_or(parameters.size);
    parameters.mode = boundaries(values, parameters.mode);
    parameters.cval = values.number("cval").value_or(parameters.cval);
    return uniform(parameters);
}

// In the order of kFilters.
constexpr std::array<AnyFilter (*)(const SpecValues&), kFilters.size()> kMakers{make_fresnel, make_gaussian,
                                                                                make_median, make_uniform};

}  // namespace

std::span<const FilterInfo> registry() noexcept { return kFilters; }

const FilterInfo& find_filter(std::string_view name) {
    const auto found = std::ranges::find(kFilters, name, &FilterInfo::name);
    if (found != kFilters.end()) return *found;
    std::vector<std::string_view> names;
    for (const FilterInfo& filter : kFilters) names.push_back(filter.name);
    throw InvalidArgument(fmt::format("there is no filter '{}': {}", name, suggest(name, names)));
}

AnyFilter parse_filter(std::string_view spec) {
    FilterSpec parts = FilterSpec::split(spec);
    const FilterInfo& info = find_filter(parts.name);
    return kMakers[static_cast<std::size_t>(&info - kFilters.data())](SpecValues(info, std::move(parts)));
}

AnyFilter parse_chain(std::span<const std::string> specs) {
    if (specs.size() == 1) return parse_filter(specs.front());
    std::vector<AnyFilter> filters;
    for (const std::string& spec : specs) {
        try {
            filters.push_back(parse_filter(spec));
        } catch (const InvalidArgument& error) {
            throw InvalidArgument(
                fmt::format("filter {} of {} in the chain: {}", filters.size() + 1, specs.size(), error.what()));
        }
    }
    return chain(std::move(filters));
}

}  // namespace slicepool::filters
