#include "pool/fill_slices.hpp"

#include "memory/copy_pixels.hpp"

#include <cmath>
#include <limits>

namespace slicepool {
namespace {

/// Rounded and saturated for integers; NaN becomes 0 there.
template <PixelType T>
T pixel_from(double value) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        return static_cast<T>(value);
    } else {
        if (std::isnan(value)) return 0;
        if (value <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
        if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
        return static_cast<T>(std::nearbyint(value));
    }
}

void convert(const ConstSlice& from, const Slice& to) {
    visit_dtype(from.dtype, [&]<class From>(std::type_identity<From>) {
        visit_dtype(to.dtype, [&]<class To>(std::type_identity<To>) {
            const auto source = from.as<From>();
            auto target = to.as<To>();
            for (Eigen::Index row = 0; row < source.rows(); ++row)
                for (Eigen::Index column = 0; column < source.cols(); ++column)
                    target(row, column) = pixel_from<To>(static_cast<double>(source(row, column)));
        });
    });
}

}  // namespace

void fill_slices(const Job& job, const Report& report) {
    const Fill& fill = job.options->fill;
    const auto fill_slice = [&](const OutputMap& map, std::int64_t position, std::int64_t index) {
        if (map.is_table) {
            copy_pixels(map.pixels.slice(0, map.pixels.shape.depth - 1), map.pixels.slice(0, position));
            return;
        }
        const Slice output = map.pixels.slice(map.axis, index);
        if (fill.kind() == Fill::Kind::copy_input) {
            convert(job.inputs[0].slice(job.order.axis, index), output);
            return;
        }
        visit_dtype(output.dtype,
                    [&]<class T>(std::type_identity<T>) { output.as<T>().setConstant(pixel_from<T>(fill.number())); });
    };
    for (std::size_t position = 0; position < report.slices.size(); ++position) {
        const SliceOutcome& outcome = report.slices[position];
        if (outcome.status == SliceStatus::done) continue;
        for (const OutputMap& map : job.order.outputs)
            fill_slice(map, static_cast<std::int64_t>(position), outcome.index);
    }
}

}  // namespace slicepool
