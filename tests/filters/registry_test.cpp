// Filters made from text: what is understood, and what a person is told when it is not.
#include <slicepool/filters/registry.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"

#include <slicepool/core/error.hpp>
#include <slicepool/filters/fresnel.hpp>
#include <slicepool/filters/gaussian.hpp>
#include <slicepool/filters/median.hpp>
#include <slicepool/filters/uniform.hpp>

namespace slicepool::filters {
namespace {

// The filter's float64 result on a fixed 9 x 11 slice of positive pixels.
std::vector<double> result_of(const AnyFilter& filter) {
    const SliceShape shape{9, 11};
    std::vector<double> input, output(99, -7.0);
    for (int i = 0; i < 99; ++i) input.push_back(0.2 + 0.01 * (i * 37 % 101));
    filter.prepare({shape, DType::f64}, DType::f64)
        ->apply(contiguous_slice(reinterpret_cast<std::byte*>(input.data()), DType::f64, shape),
                contiguous_slice(reinterpret_cast<std::byte*>(output.data()), DType::f64, shape));
    return output;
}

std::string error_of(const std::string& spec) {
    try {
        (void)parse_filter(spec);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "no error";
}

TEST_CASE("filters made from text are those made in C++", "[filters][registry]") {
    const auto same = [](const std::string& spec, const AnyFilter& filter) {
        INFO(spec);
        CHECK(result_of(parse_filter(spec)) == result_of(filter));
    };
    same("gaussian sigma=3,5", gaussian({.sigma = {3.0, 5.0}}));
    same("gaussian sigma=1.5 mode=wrap,constant cval=2e1 truncate=2.5",
         gaussian({.sigma = {1.5, 1.5}, .mode = {Boundary::wrap, Boundary::constant}, .cval = 20.0, .truncate = 2.5}));
    same("  gaussian\tradius=2,3   sigma=1 ", gaussian({.sigma = {1.0, 1.0}, .radius = {2, 3}}));
    same("uniform size=3,5 mode=nearest", uniform({.size = {3, 5}, .mode = Boundary::nearest}));
    same("median size=3 mode=mirror", median({.size = {3, 3}, .mode = Boundary::mirror}));
    same("fresnel ratio=10", fresnel({.ratio = 10.0}));
    same("fresnel ratio=10 dim=2 pad=0 apply_log=false",
         fresnel({.ratio = 10.0, .dim = 2, .pad = 0, .apply_log = false}));
}

TEST_CASE("every filter in the registry can be made with its defaults", "[filters][registry]") {
    REQUIRE_FALSE(registry().empty());
    CHECK(std::ranges::is_sorted(registry(), {}, &FilterInfo::name));
    for (const FilterInfo& info : registry()) {
        std::string required(info.name), complete(info.name);
        for (const ParameterInfo& parameter : info.parameters) {
            const bool is_required = parameter.default_value.empty();
            const std::string word =
                " " + std::string(parameter.name) + "=" + std::string(is_required ? "3" : parameter.default_value);
            if (is_required) required += word;
            complete += word;
            CHECK_FALSE(parameter.type.empty());
            CHECK_FALSE(parameter.meaning.empty());
        }
        INFO(complete);
        CHECK(result_of(parse_filter(complete)) == result_of(parse_filter(required)));
        CHECK_FALSE(info.summary.empty());
        CHECK_FALSE(info.source.empty());
    }
}

TEST_CASE("unknown names are answered with the nearest and the list", "[filters][registry]") {
    CHECK(error_of("gausian sigma=3") ==
          "there is no filter 'gausian': did you mean 'gaussian'? There are: fresnel, gaussian, median, uniform");
    CHECK(error_of("gaussian sigma=1 mode=reflct").starts_with("gaussian: mode 'reflct' is not one of reflect"));
    CHECK(error_of("gaussian sigma=1 mode=reflct").ends_with("; did you mean 'reflect'?"));
    CHECK(error_of("gaussian sigma=-1").find("sigma -1 along rows must be 0 or more") != std::string::npos);
    CHECK(error_of("xyzzy") == "there is no filter 'xyzzy': there are: fresnel, gaussian, median, uniform");
    CHECK(error_of("fresnel ration=3") ==
          "fresnel has no parameter 'ration': did you mean 'ratio'? There are: ratio, dim, pad, apply_log");
    CHECK_THROWS_AS(find_filter(""), InvalidArgument);
}

TEST_CASE("missing, repeated and malformed parameters are refused by name", "[filters][registry]") {
    CHECK(error_of("gaussian") ==
          "gaussian needs sigma=... (number, or two for rows,columns): standard deviation, >= 0; 0 leaves the axis "
          "alone");
    CHECK(error_of("fresnel dim=1").substr(0, 23) == "fresnel needs ratio=...");
    CHECK(error_of("median size=3 size=3") == "median: size is given twice");
    CHECK(error_of("gaussian sigma=3, 5") == "gaussian: '5' is not of the form parameter=value (without blanks)");
    CHECK(error_of("gaussian =3") == "gaussian: '=3' is not of the form parameter=value (without blanks)");
    CHECK(error_of(" \n") == "a filter needs a name, such as 'gaussian sigma=3', not a blank text");
}

TEST_CASE("bad values are refused with the parameter, the value and what would be right", "[filters][registry]") {
    CHECK(error_of("gaussian sigma=abc") ==
          "gaussian: sigma must be a number, or two for rows,columns, such as 2.5 or 3,5, not 'abc'");
    for (const char* value : {"", "3,", ",3", "3,5,7", "3;5", "0x10", "3 "})
        CHECK((error_of("gaussian sigma=" + std::string(value)) == "no error") == (std::string(value) == "3 "));
    CHECK(error_of("uniform size=2.5") ==
          "uniform: size must be a whole number, or two for rows,columns, such as 3 or 3,5, not '2.5'");
    CHECK(error_of("fresnel ratio=1 dim=99999999999") ==
          "fresnel: dim must be a whole number, such as 3, not '99999999999'");
    CHECK(error_of("fresnel ratio=1 apply_log=maybe") == "fresnel: apply_log must be true or false, not 'maybe'");
    CHECK(error_of("fresnel ratio=1e999") == "fresnel: ratio must be a number, such as 2.5, not '1e999'");
    CHECK(error_of("fresnel ratio=-1") == "fresnel: ratio must be finite and at least 0, not -1");
    CHECK(error_of("fresnel ratio=1 dim=3") == "fresnel: dim must be 1 (sinograms) or 2 (projections), not 3");
    for (const char* spec :
         {"gaussian sigma=-1", "gaussian sigma=nan", "median size=0", "uniform size=-3",
          "gaussian sigma=1 mode=mirrored", "median size=3 mode=wrap,wrap", "gaussian sigma=1 mode="})
        CHECK(error_of(spec) != "no error");
}

TEST_CASE("a chain is made from several texts, and its errors name the place", "[filters][registry][chain]") {
    const std::vector<std::string> specs{"median size=3", "fresnel ratio=10", "gaussian sigma=1,2"};
    CHECK(result_of(parse_chain(specs)) ==
          result_of(chain(median({.size = {3, 3}}), fresnel({.ratio = 10.0}), gaussian({.sigma = {1.0, 2.0}}))));
    CHECK(result_of(parse_chain(std::vector<std::string>{"uniform size=3"})) == result_of(uniform({.size = {3, 3}})));
    CHECK_THROWS_WITH(parse_chain(std::vector<std::string>{"median size=3", "fresnel"}),
                      "filter 2 of 2 in the chain: fresnel needs ratio=... (number): strength of the low pass, >= 0; a "
                      "sinogram takes 10 to 1000");
    CHECK_THROWS_AS(parse_chain({}), InvalidArgument);
}

}  // namespace
}  // namespace slicepool::filters
