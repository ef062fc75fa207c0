// The grammar of filter texts and the search for near names, apart from any real filter.
#include "filters/filter_spec.hpp"

#include <array>
#include <string_view>

#include "support/catch.hpp"

#include <slicepool/core/error.hpp>

namespace slicepool::filters {
namespace {

TEST_CASE("a filter's text splits at blanks and at the first equals sign", "[filters][registry]") {
    const FilterSpec spec = FilterSpec::split("\t f  a=1\n b=x=y  c= ");
    CHECK(spec.name == "f");
    REQUIRE(spec.parameters.size() == 3);
    CHECK(spec.parameters[0] == std::pair<std::string_view, std::string_view>("a", "1"));
    CHECK(spec.parameters[1] == std::pair<std::string_view, std::string_view>("b", "x=y"));
    CHECK(spec.parameters[2] == std::pair<std::string_view, std::string_view>("c", ""));
    CHECK(FilterSpec::split("alone").parameters.empty());
    CHECK_THROWS_AS(FilterSpec::split(""), InvalidArgument);
    CHECK_THROWS_AS(FilterSpec::split("f a"), InvalidArgument);
}

TEST_CASE("the nearest name is suggested when it is near", "[filters][registry]") {
    constexpr std::array<std::string_view, 3> names{"red", "green", "blue"};
    CHECK(suggest("gren", names) == "did you mean 'green'? There are: red, green, blue");
    CHECK(suggest("bleu", names) == "did you mean 'blue'? There are: red, green, blue");
    CHECK(suggest("rde", names) == "there are: red, green, blue");
    CHECK(suggest("", names) == "there are: red, green, blue");
    CHECK(suggest("a", {}) == "there are: ");
}

TEST_CASE("values are absent, of the kind asked for, or refused", "[filters][registry]") {
    constexpr std::array parameters{ParameterInfo{"a", "number", "1", "", "meaning"},
                                    ParameterInfo{"b", "number", "1", "", "meaning"},
                                    ParameterInfo{"c", "text", "x", "", "meaning"}};
    const FilterInfo info{"f", "summary", parameters, "source"};
    const SpecValues values(info, FilterSpec::split("f a=-2.5e-3 c=x,y"));
    CHECK(values.number("a") == -2.5e-3);
    CHECK_FALSE(values.number("b"));
    CHECK(values.texts("c") == std::array<std::string_view, 2>{"x", "y"});
    CHECK(values.numbers("a") == std::array{-2.5e-3, -2.5e-3});
    CHECK_THROWS_WITH(values.whole_number("a"), "f: a must be a whole number, such as 3, not '-2.5e-3'");
    CHECK_THROWS_WITH(values.truth("c"), "f: c must be true or false, not 'x,y'");
}

}  // namespace
}  // namespace slicepool::filters
