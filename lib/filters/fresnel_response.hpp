// fresnel_response.hpp: what the Fresnel filter multiplies a spectrum by, and its exact forms for rows of any length.
// It holds numbers only; transforms of pixels are in fresnel_rows.hpp and fresnel_plane.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <slicepool/filters/fresnel.hpp>

namespace slicepool::filters {

/// Which of the window's `count` samples stands at frequency k (0 <= k < padded) of the padded transform: the window
/// has its zero frequency at count / 2 and is continued outwards by its edges.
[[nodiscard]] std::int64_t window_index(std::int64_t k, std::int64_t count, std::int64_t padded) noexcept;

/// The default window's part of one axis, in transform order, for k < padded: ratio * ((i - count / 2) / count)^2 with
/// i = window_index(k, count, padded).
[[nodiscard]] std::vector<double> window_terms(double ratio, std::int64_t count, std::int64_t padded);

/// How rows of `columns` pixels are filtered by transforms of `length`: rows are put at `offset`, with their edge
/// pixels repeated up to both ends (`edges_repeated`) or zeros after them; the spectrum is multiplied by `response`;
/// and first_pixel * edge[x] + last_pixel * edge[columns - 1 - x] is added to pixel x of the result where `edge` is not
/// empty.
///
/// The window of an even number of columns is not symmetric. The reference takes the real part of the result, which is
/// exactly the filter with the real, even response (1 / w(k) + 1 / w(-k)) / 2 that stands here; so two rows can share
/// one complex transform as its real and imaginary parts. `response` is divided by `length` for the inverse transform.
struct RowMethod {
    std::int64_t length = 1;
    std::int64_t offset = 0;
    bool edges_repeated = false;
    std::vector<double> response;
    std::vector<double> edge;

    /// The reference's own way: length = columns + 2 * pad.
    [[nodiscard]] static RowMethod padded(double ratio, std::int64_t columns, std::int64_t pad);
    /// The same result, but for rounding, by a transform of a length of our choice: the filter is a circular
    /// convolution with an even kernel, and the padding is constant; so what is left is a symmetric Toeplitz product,
    /// which any circulant of 2 * columns - 1 or more contains, and the edge term.
    [[nodiscard]] static RowMethod toeplitz(double ratio, std::int64_t columns, std::int64_t pad);
    /// The bytes either takes at most while it is made.
    [[nodiscard]] static std::size_t bytes_while_made(std::int64_t columns, std::int64_t pad);
};

/// Whether toeplitz() costs less than padded(): when columns + 2 * pad has a large prime factor, mostly.
[[nodiscard]] bool toeplitz_is_cheaper(std::int64_t columns, std::int64_t pad);

}  // namespace slicepool::filters
