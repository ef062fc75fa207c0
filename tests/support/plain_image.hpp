// plain_image.hpp: small typed images for filter tests: random ones, and slices of them with gaps between rows and
// columns. No files; see reference_data.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/slice.hpp>

namespace slicepool::testing {

/// An image whose pixels may lie apart in memory; the gaps hold a sentinel.
template <PixelType T>
class PlainImage {
public:
    static constexpr T kSentinel = static_cast<T>(113);

    explicit PlainImage(SliceShape shape, std::int64_t row_gap = 0, std::int64_t column_step = 1)
        : shape_(shape),
          column_step_(column_step),
          row_step_(shape.columns * column_step + row_gap),
          pixels_(static_cast<std::size_t>(shape.rows * row_step_), kSentinel) {}

    [[nodiscard]] T& at(std::int64_t row, std::int64_t column) {
        return pixels_[static_cast<std::size_t>(row * row_step_ + column * column_step_)];
    }
    [[nodiscard]] T at(std::int64_t row, std::int64_t column) const {
        return pixels_[static_cast<std::size_t>(row * row_step_ + column * column_step_)];
    }
    [[nodiscard]] SliceShape shape() const { return shape_; }
    [[nodiscard]] SliceSpec spec() const { return {shape_, dtype_of<T>}; }
    [[nodiscard]] Slice slice() {
        constexpr auto size = static_cast<std::int64_t>(sizeof(T));
        return {reinterpret_cast<std::byte*>(pixels_.data()), dtype_of<T>, shape_, row_step_ * size,
                column_step_ * size};
    }

    void fill(T value) {
        for_each([value](T& pixel) { pixel = value; });
    }
    void fill_random(std::mt19937_64& random) {
        for_each([&random](T& pixel) {
            if constexpr (std::is_floating_point_v<T>)
                pixel = static_cast<T>(std::normal_distribution<double>(10.0, 30.0)(random));
            else
                pixel = static_cast<T>(random());
        });
    }

    /// True when no gap was written to.
    [[nodiscard]] bool gaps_are_untouched() const {
        PlainImage copy = *this;
        copy.fill(kSentinel);
        for (const T pixel : copy.pixels_)
            if (pixel != kSentinel) return false;
        return true;
    }
    /// The pixels row by row, without gaps.
    [[nodiscard]] std::vector<T> pixels() {
        std::vector<T> result;
        for_each([&result](const T& pixel) { result.push_back(pixel); });
        return result;
    }

private:
    template <class Function>
    void for_each(Function function) {
        for (std::int64_t row = 0; row < shape_.rows; ++row)
            for (std::int64_t column = 0; column < shape_.columns; ++column) function(at(row, column));
    }

    SliceShape shape_;
    std::int64_t column_step_;
    std::int64_t row_step_;
    std::vector<T> pixels_;
};

/// One call of a filter, prepared for exactly these images.
template <SliceFilter Filter, PixelType In, PixelType Out>
void apply_filter(const Filter& filter, PlainImage<In>& input, PlainImage<Out>& output) {
    filter.prepare(input.spec(), dtype_of<Out>)->apply(input.slice(), output.slice());
}

}  // namespace slicepool::testing
