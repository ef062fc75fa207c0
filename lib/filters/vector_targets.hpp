// vector_targets.hpp: for which sets of vector instructions the kernels are compiled; included before Highway.
// Which of them runs is decided on the user's machine, at run time.
#pragma once

#if defined(SLICEPOOL_FEW_VECTOR_TARGETS)
// For sanitizers, which take a minute and more to compile each: the baseline and AVX2.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | (HWY_AVX2 - 1))
#else
// Kernels keep arrays of vectors, which sizeless vector types (SVE, RVV) cannot form; SSSE3 adds nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
