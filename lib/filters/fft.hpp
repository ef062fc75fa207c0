// fft.hpp: complex Fourier transforms in float64, of any length, of several signals side by side.
// It knows nothing of images; padding, windows and pairing of real rows are its callers' business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "filters/fft_stages.hpp"

namespace slicepool::filters {

/// One signal per lane: element k of signal b is at [k * kFftLanes + b], real and imaginary parts in arrays of their
/// own. Owns `length` such elements, aligned for any vector; contents unspecified at first.
class FftBuffer {
public:
    explicit FftBuffer(std::int64_t length);
    [[nodiscard]] SplitComplex view() const noexcept { return {block_.get(), block_.get() + im_offset_}; }
    /// Bytes an FftBuffer of this length takes.
    [[nodiscard]] static std::size_t bytes(std::int64_t length) noexcept;

private:
    struct Free {
        void operator()(double* block) const noexcept { ::operator delete[](block, std::align_val_t{64}); }
    };
    std::int64_t im_offset_;
    std::unique_ptr<double[], Free> block_;
};

/// Tables for one length. Immutable: one Fft may serve many threads, each with buffers of its own.
class Fft {
public:
    /// length >= 1. Lengths without a prime factor above 31 are transformed directly (the smaller the factors, the
    /// faster), others by Bluestein's algorithm, at three to four times the price of a good length.
    explicit Fft(std::int64_t length);
    ~Fft();
    Fft(Fft&&) noexcept;

    [[nodiscard]] std::int64_t length() const noexcept { return length_; }
    /// The length that `data` and `work` must have; elements beyond length() are scratch.
    [[nodiscard]] std::int64_t buffer_length() const noexcept;

    /// X_k = sum_j x_j exp(-2 pi i j k / length) in every lane; inverse has +2 pi i and is not divided by the length.
    /// The result is in the one of the two buffers that is returned; the other's contents are lost.
    [[nodiscard]] SplitComplex forward(SplitComplex data, SplitComplex work) const;
    [[nodiscard]] SplitComplex inverse(SplitComplex data, SplitComplex work) const;

    /// buffer_length() of an Fft of this length, and the bytes its tables take, without making it.
    [[nodiscard]] static std::int64_t buffer_length(std::int64_t length);
    [[nodiscard]] static std::size_t bytes(std::int64_t length);

    /// Time of one transform in arbitrary units; how lengths are chosen.
    [[nodiscard]] static double cost(std::int64_t length);
    /// The cheapest length that is >= `least` and has no need of Bluestein's algorithm.
    [[nodiscard]] static std::int64_t good_length(std::int64_t least);

private:
    struct Tables;
    std::int64_t length_;
    std::unique_ptr<const Tables> tables_;
};

}  // namespace slicepool::filters
