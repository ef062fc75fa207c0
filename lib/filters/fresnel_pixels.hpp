// fresnel_pixels.hpp: rows of pixels to rows of doubles and back, with the logarithm and the exponential of
// transmissions. No Fourier transform here; see fresnel_rows.hpp and fresnel_plane.hpp.
#pragma once

#include <cstdint>

#include <slicepool/core/slice.hpp>

namespace slicepool::filters {

/// Copies row `row` of a slice of any type and strides to input.shape.columns doubles.
void read_row(const ConstSlice& input, std::int64_t row, double* to);

/// Rounds input.shape.columns doubles to row `row` of a float32 or float64 slice of any strides.
void write_row(const double* from, const Slice& output, std::int64_t row);
void fill_row(double value, const Slice& output, std::int64_t row);

/// The largest |x| of `count` numbers; NaN when one of them is not finite.
[[nodiscard]] double peak(const double* row, std::int64_t count);

/// Replaces each x by -log(x) and returns the peak() of the result. The numbers are unspecified when that is NaN.
[[nodiscard]] double negative_log(double* row, std::int64_t count);

/// Replaces each x by exp(-x).
void negative_exp(double* row, std::int64_t count);

}  // namespace slicepool::filters
