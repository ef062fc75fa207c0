#include <slicepool/filters/boundary.hpp>

#include "filters/filter_spec.hpp"

#include <array>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::filters {

std::string_view name_of(Boundary mode) noexcept {
    switch (mode) {
        case Boundary::reflect: return "reflect";
        case Boundary::nearest: return "nearest";
        case Boundary::wrap: return "wrap";
        case Boundary::mirror: return "mirror";
        case Boundary::constant: break;
    }
    return "constant";
}

Boundary parse_boundary(std::string_view name) {
    if (name == "reflect" || name == "grid-mirror") return Boundary::reflect;
    if (name == "nearest") return Boundary::nearest;
    if (name == "wrap" || name == "grid-wrap") return Boundary::wrap;
    if (name == "mirror") return Boundary::mirror;
    if (name == "constant" || name == "grid-constant") return Boundary::constant;
    constexpr std::array<std::string_view, 8> kNames{"reflect",  "nearest",     "wrap",      "mirror",
                                                     "constant", "grid-mirror", "grid-wrap", "grid-constant"};
    const std::string_view nearest = nearest_of(name, kNames);
    throw InvalidArgument(
        fmt::format("mode '{}' is not one of reflect (also grid-mirror), nearest, wrap (grid-wrap), "
                    "mirror, constant (grid-constant){}",
                    name, nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
}

}  // namespace slicepool::filters
