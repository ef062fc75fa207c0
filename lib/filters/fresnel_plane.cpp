#include "filters/fresnel_plane.hpp"

#include "filters/fft.hpp"
#include "filters/fresnel_batch.hpp"
#include "filters/fresnel_pixels.hpp"
#include "filters/fresnel_response.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace slicepool::filters {
namespace {

// Frequencies 0 ... padded / 2 of a real row, rounded up to whole cache lines.
std::int64_t half_spectrum(std::int64_t padded_columns) {
    return (padded_columns / 2 + 1 + kFftLanes - 1) / kFftLanes * kFftLanes;
}

constexpr std::array<double, kBatchRows> all_rows(double factor) {
    std::array<double, kBatchRows> factors{};
    factors.fill(factor);
    return factors;
}

// Rows first, then columns, eight of them at a time; of each row half the spectrum is kept, since rows are real. The
// padding above and below repeats rows, whose spectra are known: only the slice's own rows are transformed and kept.
class PlaneKernel final : public SliceKernel {
public:
    PlaneKernel(const FresnelParameters& parameters, SliceShape shape)
        : parameters_(parameters),
          shape_(shape),
          row_fft_(shape.columns + 2 * parameters.pad),
          column_fft_(shape.rows + 2 * parameters.pad),
          row_terms_(window_terms(parameters.ratio, shape.rows, column_fft_.length())),
          column_terms_(window_terms(parameters.ratio, shape.columns, row_fft_.length())),
          frequencies_(half_spectrum(row_fft_.length())),
          rows_(shape.columns),
          data_(std::max(row_fft_.buffer_length(), column_fft_.buffer_length())),
          work_(std::max(row_fft_.buffer_length(), column_fft_.buffer_length())),
          spectrum_re_(static_cast<std::size_t>(shape.rows * frequencies_)),
          spectrum_im_(spectrum_re_.size()) {}

    void apply(const ConstSlice& input, const Slice& output) override {
        for (std::int64_t first = 0; first < shape_.rows; first += kBatchRows) {
            if (!transform_rows(input, first)) {
                for (std::int64_t row = 0; row < shape_.rows; ++row)
                    fill_row(std::numeric_limits<double>::quiet_NaN(), output, row);
                return;
            }
        }
        for (std::int64_t first = 0; first < frequencies_; first += kFftLanes) filter_columns(first);
        for (std::int64_t first = 0; first < shape_.rows; first += kBatchRows) restore_rows(output, first);
    }

    static std::size_t bytes(const FresnelParameters& parameters, SliceShape shape) {
        const std::int64_t padded_rows = shape.rows + 2 * parameters.pad;
        const std::int64_t padded_columns = shape.columns + 2 * parameters.pad;
        const std::int64_t buffer = std::max(Fft::buffer_length(padded_rows), Fft::buffer_length(padded_columns));
        const std::int64_t numbers = padded_rows + padded_columns + 2 * shape.rows * half_spectrum(padded_columns);
        return sizeof(PlaneKernel) + Fft::bytes(padded_rows) + Fft::bytes(padded_columns) +
               2 * FftBuffer::bytes(buffer) + RowBatch::bytes(shape.columns) +
               static_cast<std::size_t>(numbers) * sizeof(double);
    }

private:
    // False when a number is not finite.
    bool transform_rows(const ConstSlice& input, std::int64_t first) {
        const std::int64_t count = std::min(kBatchRows, shape_.rows - first);
        for (std::int64_t i = 0; i < count; ++i) {
            read_row(input, first + i, rows_.row(i));
            const double largest =
                parameters_.apply_log ? negative_log(rows_.row(i), shape_.columns) : peak(rows_.row(i), shape_.columns);
            if (std::isnan(largest)) return false;
        }
        for (std::int64_t i = count; i < kBatchRows; ++i) rows_.clear_row(i);
        const std::int64_t length = row_fft_.length();
        rows_.to_lanes(data_.view(), parameters_.pad, length, true, all_rows(1.0));
        const SplitComplex z = row_fft_.forward(data_.view(), work_.view());
        // Lanes hold A + iB; A = (Z(k) + conj Z(-k)) / 2 and B = (Z(k) - conj Z(-k)) / 2i are the spectra of two rows.
        for (std::int64_t k = 0; 2 * k <= length; ++k) {
            const std::int64_t minus_k = (length - k) % length;
            for (std::int64_t i = 0; i < count; ++i) {
                const std::int64_t here = k * kFftLanes + i / 2, there = minus_k * kFftLanes + i / 2;
                const std::int64_t at = (first + i) * frequencies_ + k;
                if (i % 2 == 0) {
                    spectrum_re_[at] = 0.5 * (z.re[here] + z.re[there]);
                    spectrum_im_[at] = 0.5 * (z.im[here] - z.im[there]);
                } else {
                    spectrum_re_[at] = 0.5 * (z.im[here] + z.im[there]);
                    spectrum_im_[at] = 0.5 * (z.re[there] - z.re[here]);
                }
            }
        }
        return true;
    }

    // Columns `first` ... `first` + 7 of the half spectrum; those beyond it hold nothing and stay unused.
    void filter_columns(std::int64_t first) {
        const SplitComplex data = data_.view(), work = work_.view();
        const std::int64_t length = column_fft_.length();
        for (std::int64_t y = 0; y < length; ++y) {
            const std::int64_t row = std::clamp(y - parameters_.pad, std::int64_t{0}, shape_.rows - 1);
            std::copy_n(spectrum_re_.data() + row * frequencies_ + first, kFftLanes, data.re + y * kFftLanes);
            std::copy_n(spectrum_im_.data() + row * frequencies_ + first, kFftLanes, data.im + y * kFftLanes);
        }
        const SplitComplex spectrum = column_fft_.forward(data, work);
        const double scale = 0.5 / static_cast<double>(length) / static_cast<double>(row_fft_.length());
        for (std::int64_t k = 0; k < length; ++k) {
            const std::int64_t minus_k = (length - k) % length;
            for (std::int64_t lane = 0; lane < kFftLanes; ++lane) {
                const std::int64_t column = (first + lane) % row_fft_.length();
                const std::int64_t minus_column = (row_fft_.length() - column) % row_fft_.length();
                const double response = scale / window(k, column) + scale / window(minus_k, minus_column);
                spectrum.re[k * kFftLanes + lane] *= response;
                spectrum.im[k * kFftLanes + lane] *= response;
            }
        }
        const SplitComplex result = column_fft_.inverse(spectrum, spectrum.re == data.re ? work : data);
        for (std::int64_t row = 0; row < shape_.rows; ++row) {
            const std::int64_t at = (row + parameters_.pad) * kFftLanes;
            std::copy_n(result.re + at, kFftLanes, spectrum_re_.data() + row * frequencies_ + first);
            std::copy_n(result.im + at, kFftLanes, spectrum_im_.data() + row * frequencies_ + first);
        }
    }

    // The window at a frequency of the padded transform.
    double window(std::int64_t row_frequency, std::int64_t column_frequency) const {
        const ConstSlice& given = parameters_.window;
        if (given.data == nullptr) return 1.0 + (row_terms_[row_frequency] + column_terms_[column_frequency]);
        const std::int64_t row = window_index(row_frequency, shape_.rows, column_fft_.length());
        const std::int64_t column = window_index(column_frequency, shape_.columns, row_fft_.length());
        return *reinterpret_cast<const double*>(given.data + row * given.row_stride + column * given.column_stride);
    }

    void restore_rows(const Slice& output, std::int64_t first) {
        const std::int64_t count = std::min(kBatchRows, shape_.rows - first);
        const std::int64_t length = row_fft_.length();
        const SplitComplex z = data_.view();
        for (std::int64_t k = 0; 2 * k <= length; ++k) {
            const std::int64_t minus_k = (length - k) % length;
            for (std::int64_t i = 0; i < kBatchRows; i += 2) {
                const bool has_a = i < count, has_b = i + 1 < count;
                const std::int64_t a = (first + i) * frequencies_ + k, b = a + frequencies_;
                const double a_re = has_a ? spectrum_re_[a] : 0.0, a_im = has_a ? spectrum_im_[a] : 0.0;
                const double b_re = has_b ? spectrum_re_[b] : 0.0, b_im = has_b ? spectrum_im_[b] : 0.0;
                const std::int64_t here = k * kFftLanes + i / 2, there = minus_k * kFftLanes + i / 2;
                z.re[there] = a_re + b_im;
                z.im[there] = b_re - a_im;
                z.re[here] = a_re - b_im;
                z.im[here] = a_im + b_re;
            }
        }
        rows_.from_lanes(row_fft_.inverse(z, work_.view()), parameters_.pad, all_rows(1.0));
        for (std::int64_t i = 0; i < count; ++i) {
            if (parameters_.apply_log) negative_exp(rows_.row(i), shape_.columns);
            write_row(rows_.row(i), output, first + i);
        }
    }

    FresnelParameters parameters_;
    SliceShape shape_;
    Fft row_fft_;
    Fft column_fft_;
    std::vector<double> row_terms_;
    std::vector<double> column_terms_;
    std::int64_t frequencies_;
    RowBatch rows_;
    FftBuffer data_;
    FftBuffer work_;
    std::vector<double> spectrum_re_;
    std::vector<double> spectrum_im_;
};

}  // namespace

std::unique_ptr<SliceKernel> make_plane_kernel(const FresnelParameters& parameters, SliceShape shape) {
    return std::make_unique<PlaneKernel>(parameters, shape);
}

std::size_t plane_kernel_bytes(const FresnelParameters& parameters, SliceShape shape) {
    return PlaneKernel::bytes(parameters, shape);
}

}  // namespace slicepool::filters
