// fft_stages.hpp: the inner loops of the Fourier transform, in the best vector instructions the processor has.
// Which stages a length needs, and their tables, are decided in fft.cpp.
#pragma once

#include <cstdint>

namespace slicepool::filters {

/// Signals transformed side by side: one 64-byte cache line of doubles.
inline constexpr std::int64_t kFftLanes = 8;

struct SplitComplex {
    double* re;
    double* im;
};

/// One step of Stockham's self-sorting transform, decimation in frequency: for k < groups, r < radix, q < stride
///   out[q + stride * (radix * k + r)] = w^(r k) * sum_j in[q + stride * (k + groups * j)] exp(-2 pi i j r / radix),
/// w = exp(-2 pi i / (radix * groups)). `stride` is a multiple of kFftLanes.
struct FftStage {
    int radix;  ///< 2, 4, 8 or an odd number
    std::int64_t groups;
    std::int64_t stride;
    const double* twiddles;  ///< w^(r k) as re, im for k < groups, 1 <= r < radix
    const double* roots;     ///< exp(-2 pi i j / radix) as re, im for j < radix; read for radix 7 and above 8
};

/// `in` and `out` are aligned to 64 bytes and do not overlap.
void run_fft_stage(const FftStage& stage, SplitComplex in, SplitComplex out);

/// Multiplies element k of every lane by the real number factor[k], or by the complex number (re[k], im[k]).
void multiply_lanes(SplitComplex data, const double* factor, std::int64_t length);
void multiply_lanes(SplitComplex data, const double* re, const double* im, std::int64_t length);

}  // namespace slicepool::filters
