#include "filters/fresnel_rows.hpp"

#include "filters/fft.hpp"
#include "filters/fresnel_batch.hpp"
#include "filters/fresnel_pixels.hpp"
#include "filters/fresnel_response.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <limits>

namespace slicepool::filters {
namespace {

// What both row kernels do alike: sixteen rows at a time become lanes, are filtered as such, and become pixels again.
class RowKernel : public SliceKernel {
public:
    RowKernel(bool apply_log, std::int64_t columns, std::int64_t length)
        : fft_(length),
          rows_(columns),
          data_(fft_.buffer_length()),
          work_(fft_.buffer_length()),
          apply_log_(apply_log) {}

    void apply(const ConstSlice& input, const Slice& output) final {
        for (std::int64_t first = 0; first < input.shape.rows; first += kBatchRows) {
            const std::int64_t count = std::min(kBatchRows, input.shape.rows - first);
            read(input, first, count);
            filter_batch(first, count);
            write(output, first, count);
        }
    }

    static std::size_t bytes(std::int64_t columns, std::int64_t length) {
        return Fft::bytes(length) + 2 * FftBuffer::bytes(Fft::buffer_length(length)) + RowBatch::bytes(columns);
    }

protected:
    // Rows `first` ... `first` + `count` - 1 are in rows_; replaces them by the filtered rows.
    virtual void filter_batch(std::int64_t first, std::int64_t count) = 0;

    Fft fft_;
    RowBatch rows_;
    FftBuffer data_;
    FftBuffer work_;
    // Powers of two that bring rows to one magnitude: the rounding error of a transform is relative to the larger of
    // the two rows that share it.
    std::array<double, kBatchRows> shrink_{};
    std::array<double, kBatchRows> grow_{};

private:
    void read(const ConstSlice& input, std::int64_t first, std::int64_t count) {
        for (std::int64_t i = 0; i < kBatchRows; ++i) {
            double largest = 0.0;
            if (i < count) {
                read_row(input, first + i, rows_.row(i));
                largest =
                    apply_log_ ? negative_log(rows_.row(i), rows_.columns()) : peak(rows_.row(i), rows_.columns());
            }
            is_lost_[i] = std::isnan(largest);
            if (i >= count || is_lost_[i]) rows_.clear_row(i);
            const int exponent = largest > 0.0 ? std::clamp(std::ilogb(largest), -1000, 1000) : 0;
            shrink_[i] = std::ldexp(1.0, -exponent);
            grow_[i] = std::ldexp(1.0, exponent);
        }
    }

    void write(const Slice& output, std::int64_t first, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
            if (is_lost_[i]) {
                fill_row(std::numeric_limits<double>::quiet_NaN(), output, first + i);
                continue;
            }
            if (apply_log_) negative_exp(rows_.row(i), rows_.columns());
            write_row(rows_.row(i), output, first + i);
        }
    }

    bool apply_log_;
    std::bitset<kBatchRows> is_lost_;
};

// All rows have the default window.
class UniformRowKernel final : public RowKernel {
public:
    UniformRowKernel(bool apply_log, std::int64_t columns, RowMethod method)
        : RowKernel(apply_log, columns, method.length), method_(std::move(method)) {}

private:
    void filter_batch(std::int64_t /*first*/, std::int64_t count) override {
        const std::int64_t columns = rows_.columns();
        std::array<double, kBatchRows> first_pixels{}, last_pixels{};
        for (std::int64_t i = 0; i < count; ++i) {
            first_pixels[i] = rows_.row(i)[0];
            last_pixels[i] = rows_.row(i)[columns - 1];
        }
        const SplitComplex data = data_.view(), work = work_.view();
        rows_.to_lanes(data, method_.offset, method_.length, method_.edges_repeated, shrink_);
        const SplitComplex spectrum = fft_.forward(data, work);
        multiply_lanes(spectrum, method_.response.data(), method_.length);
        rows_.from_lanes(fft_.inverse(spectrum, spectrum.re == data.re ? work : data), method_.offset, grow_);
        if (method_.edge.empty()) return;
        for (std::int64_t i = 0; i < count; ++i) {
            double* row = rows_.row(i);
            for (std::int64_t x = 0; x < columns; ++x)
                row[x] += first_pixels[i] * method_.edge[x] + last_pixels[i] * method_.edge[columns - 1 - x];
        }
    }

    RowMethod method_;
};

// Each row has a window of its own.
class WindowedRowKernel final : public RowKernel {
public:
    WindowedRowKernel(const FresnelParameters& parameters, std::int64_t columns)
        : RowKernel(parameters.apply_log, columns, columns + 2 * parameters.pad),
          pad_(parameters.pad),
          window_(parameters.window) {}

private:
    void filter_batch(std::int64_t first, std::int64_t count) override {
        const SplitComplex data = data_.view(), work = work_.view();
        rows_.to_lanes(data, pad_, fft_.length(), true, shrink_);
        const SplitComplex spectrum = fft_.forward(data, work);
        for (std::int64_t i = 0; i < count; i += 2) multiply(spectrum, i / 2, first + i, i + 1 < count);
        rows_.from_lanes(fft_.inverse(spectrum, spectrum.re == data.re ? work : data), pad_, grow_);
    }

    // The lane's spectrum is A + iB with A and B those of two real rows. They are taken apart by
    // A(k) = (Z(k) + conj Z(-k)) / 2 and iB(k) = (Z(k) - conj Z(-k)) / 2, multiplied each by its own response, and
    // put together again, for k and -k at once.
    void multiply(SplitComplex spectrum, std::int64_t lane, std::int64_t row, bool is_pair) const {
        const std::int64_t length = fft_.length();
        for (std::int64_t k = 0; 2 * k <= length; ++k) {
            const std::int64_t minus_k = (length - k) % length;
            const double for_a = 0.5 * response(row, k, minus_k);
            const double for_b = is_pair ? 0.5 * response(row + 1, k, minus_k) : 0.0;
            const std::int64_t here = k * kFftLanes + lane, there = minus_k * kFftLanes + lane;
            const double a_re = for_a * (spectrum.re[here] + spectrum.re[there]);
            const double a_im = for_a * (spectrum.im[here] - spectrum.im[there]);
            const double ib_re = for_b * (spectrum.re[here] - spectrum.re[there]);
            const double ib_im = for_b * (spectrum.im[here] + spectrum.im[there]);
            spectrum.re[here] = a_re + ib_re;
            spectrum.im[here] = a_im + ib_im;
            spectrum.re[there] = a_re - ib_re;
            spectrum.im[there] = ib_im - a_im;
        }
    }

    // (1 / w(k) + 1 / w(-k)) / 2, over the length of the transform.
    double response(std::int64_t row, std::int64_t k, std::int64_t minus_k) const {
        const std::int64_t columns = rows_.columns();
        return (0.5 / sample(row, window_index(k, columns, fft_.length())) +
                0.5 / sample(row, window_index(minus_k, columns, fft_.length()))) /
               static_cast<double>(fft_.length());
    }

    double sample(std::int64_t row, std::int64_t column) const {
        return *reinterpret_cast<const double*>(window_.data + row * window_.row_stride +
                                                column * window_.column_stride);
    }

    std::int64_t pad_;
    ConstSlice window_;
};

}  // namespace

std::unique_ptr<SliceKernel> make_row_kernel(const FresnelParameters& parameters, SliceShape shape) {
    const std::int64_t columns = shape.columns;
    if (parameters.window.data != nullptr) return std::make_unique<WindowedRowKernel>(parameters, columns);
    return std::make_unique<UniformRowKernel>(parameters.apply_log, columns,
                                              toeplitz_is_cheaper(columns, parameters.pad)
                                                  ? RowMethod::toeplitz(parameters.ratio, columns, parameters.pad)
                                                  : RowMethod::padded(parameters.ratio, columns, parameters.pad));
}

std::size_t row_kernel_bytes(const FresnelParameters& parameters, SliceShape shape) {
    const std::int64_t columns = shape.columns;
    const std::int64_t padded = columns + 2 * parameters.pad;
    if (parameters.window.data != nullptr) return sizeof(WindowedRowKernel) + RowKernel::bytes(columns, padded);
    const std::size_t method = RowMethod::bytes_while_made(columns, parameters.pad);
    const bool toeplitz = toeplitz_is_cheaper(columns, parameters.pad);
    const std::int64_t length = toeplitz ? Fft::good_length(2 * columns - 1) : padded;
    const std::size_t tables = static_cast<std::size_t>(length + (toeplitz ? columns : 0)) * sizeof(double);
    return std::max(method, sizeof(UniformRowKernel) + tables + RowKernel::bytes(columns, length));
}

}  // namespace slicepool::filters
