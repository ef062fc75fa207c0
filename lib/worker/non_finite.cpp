#include "worker/non_finite.hpp"

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

namespace slicepool {

void check_finite(const ConstSlice& slice) {
    visit_dtype(slice.dtype, [&]<class T>(std::type_identity<T>) {
        if constexpr (std::is_floating_point_v<T>) {
            const auto pixels = slice.as<T>();
            for (Eigen::Index row = 0; row < pixels.rows(); ++row) {
                if (pixels.row(row).isFinite().all()) continue;
                Eigen::Index column = 0;
                while (std::isfinite(pixels(row, column))) ++column;
                throw Error(fmt::format("output pixel ({}, {}) is {}", row, column, pixels(row, column)));
            }
        }
    });
}

}  // namespace slicepool
