// boundary_test.cpp: names of boundary modes and the order of pixels beyond an edge.

#include <slicepool/filters/boundary.hpp>

#include <string>

#include <slicepool/core/error.hpp>

#include "filters/extended_line.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using namespace slicepool::filters;

namespace {

/// The line "abcd..." of `length` pixels with `radius` more on both sides; k where the constant stands.
std::string extended(std::int64_t length, std::int64_t radius, Boundary mode) {
    std::string line;
    for (std::int64_t position = -radius; position < length + radius; ++position) {
        const std::int64_t index = extended_index(position, length, mode);
        line += index == kConstantPixel ? 'k' : static_cast<char>('a' + index);
    }
    return line;
}

}  // namespace

TEST_CASE("a boundary mode is found by its name and scipy's aliases", "[filters][boundary]") {
    for (const Boundary mode :
         {Boundary::reflect, Boundary::nearest, Boundary::wrap, Boundary::mirror, Boundary::constant})
        CHECK(parse_boundary(name_of(mode)) == mode);
    CHECK(parse_boundary("grid-mirror") == Boundary::reflect);
    CHECK(parse_boundary("grid-wrap") == Boundary::wrap);
    CHECK(parse_boundary("grid-constant") == Boundary::constant);
    CHECK_THROWS_AS(static_cast<void>(parse_boundary("symmetric")), InvalidArgument);
    try {
        static_cast<void>(parse_boundary("Reflect"));
        FAIL("names are lower case");
    } catch (const InvalidArgument& error) {
        CHECK(std::string(error.what()).find("'Reflect' is not one of reflect") != std::string::npos);
    }
}

TEST_CASE("a line is extended as scipy documents it", "[filters][boundary]") {
    CHECK(extended(4, 4, Boundary::reflect) == "dcbaabcddcba");
    CHECK(extended(4, 4, Boundary::nearest) == "aaaaabcddddd");
    CHECK(extended(4, 4, Boundary::wrap) == "abcdabcdabcd");
    CHECK(extended(4, 3, Boundary::mirror) == "dcbabcdcba");
    CHECK(extended(4, 4, Boundary::constant) == "kkkkabcdkkkk");
}

TEST_CASE("an extension longer than the line goes on periodically", "[filters][boundary]") {
    CHECK(extended(2, 5, Boundary::reflect) == "aabbaabbaabb");
    CHECK(extended(3, 7, Boundary::wrap) == "cabcabcabcabcabca");
    CHECK(extended(3, 6, Boundary::mirror) == "cbabcbabcbabcba");
    CHECK(extended(2, 3, Boundary::mirror) == "babababa");
}

TEST_CASE("a line of one pixel is extended by that pixel", "[filters][boundary]") {
    for (const Boundary mode : {Boundary::reflect, Boundary::nearest, Boundary::wrap, Boundary::mirror})
        CHECK(extended(1, 3, mode) == "aaaaaaa");
    CHECK(extended(1, 3, Boundary::constant) == "kkkakkk");
}

TEST_CASE("one mode serves both axes unless two are given", "[filters][boundary]") {
    CHECK(AxisBoundaries(Boundary::wrap) == AxisBoundaries(Boundary::wrap, Boundary::wrap));
    CHECK(AxisBoundaries() == AxisBoundaries(Boundary::reflect));
}
