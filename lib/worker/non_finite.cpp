#include "worker/non_finite.hpp"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

namespace slicepool {

std::string first_non_finite(const ConstSlice& slice) {
    std::string found;
    visit_dtype(slice.dtype, [&]<class T>(std::type_identity<T>) {
        if constexpr (std::is_floating_point_v<T>) {
            const auto pixels = slice.as<T>();
            for (Eigen::Index row = 0; row < pixels.rows(); ++row) {
                if (pixels.row(row).isFinite().all()) continue;
                Eigen::Index column = 0;
                while (std::isfinite(pixels(row, column))) ++column;
                found = fmt::format("pixel ({}, {}) is {}", row, column, pixels(row, column));
                return;
            }
        }
    });
    return found;
}

}  // namespace slicepool
