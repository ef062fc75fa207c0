// The loops over q are contiguous and as long as a cache line at least, so one vector register holds neighbouring
// signals and no shuffle is needed. Compiled once per instruction set.
#include "filters/vector_targets.hpp"  // before anything of Highway

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "filters/fft_stages.cpp"
#include <hwy/foreach_target.h>  // first: it includes the rest once for each instruction set

#include <hwy/highway.h>

#include "filters/fft_stages.hpp"

HWY_BEFORE_NAMESPACE();
namespace slicepool::filters::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, static_cast<std::size_t>(kFftLanes)>;
using V = hn::Vec<D>;

// One group of a stage: `in` and `out` point at q = 0 of j = 0 and r = 0; `w` at the twiddles of the group.
struct Group {
    SplitComplex in;
    SplitComplex out;
    std::int64_t step;    // between inputs j and j + 1
    std::int64_t stride;  // between outputs r and r + 1
    const double* w;
    int radix;
    const double* roots;
};

template <bool kTwiddled>
HWY_INLINE void store(const Group& g, std::int64_t q, int r, V re, V im) {
    const D d;
    const std::int64_t at = g.stride * r + q;
    if constexpr (kTwiddled) {
        const V w_re = hn::Set(d, g.w[2 * r - 2]);
        const V w_im = hn::Set(d, g.w[2 * r - 1]);
        hn::Store(hn::MulSub(re, w_re, hn::Mul(im, w_im)), d, g.out.re + at);
        hn::Store(hn::MulAdd(re, w_im, hn::Mul(im, w_re)), d, g.out.im + at);
    } else {
        hn::Store(re, d, g.out.re + at);
        hn::Store(im, d, g.out.im + at);
    }
}

struct Radix2 {
    template <bool kTwiddled>
    static HWY_INLINE void butterfly(const Group& g, std::int64_t q) {
        const D d;
        const V a_re = hn::Load(d, g.in.re + q), a_im = hn::Load(d, g.in.im + q);
        const V b_re = hn::Load(d, g.in.re + g.step + q), b_im = hn::Load(d, g.in.im + g.step + q);
        store<false>(g, q, 0, hn::Add(a_re, b_re), hn::Add(a_im, b_im));
        store<kTwiddled>(g, q, 1, hn::Sub(a_re, b_re), hn::Sub(a_im, b_im));
    }
};

struct Radix3 {
    template <bool kTwiddled>
    static HWY_INLINE void butterfly(const Group& g, std::int64_t q) {
        const D d;
        const V half = hn::Set(d, 0.5), sine = hn::Set(d, 0.86602540378443864676);
        const double* re = g.in.re + q;
        const double* im = g.in.im + q;
        const V a_re = hn::Load(d, re), a_im = hn::Load(d, im);
        const V b_re = hn::Load(d, re + g.step), b_im = hn::Load(d, im + g.step);
        const V c_re = hn::Load(d, re + 2 * g.step), c_im = hn::Load(d, im + 2 * g.step);
        const V sum_re = hn::Add(b_re, c_re), sum_im = hn::Add(b_im, c_im);
        const V mid_re = hn::NegMulAdd(half, sum_re, a_re), mid_im = hn::NegMulAdd(half, sum_im, a_im);
        const V odd_re = hn::Mul(sine, hn::Sub(b_re, c_re)), odd_im = hn::Mul(sine, hn::Sub(b_im, c_im));
        store<false>(g, q, 0, hn::Add(a_re, sum_re), hn::Add(a_im, sum_im));
        store<kTwiddled>(g, q, 1, hn::Add(mid_re, odd_im), hn::Sub(mid_im, odd_re));
        store<kTwiddled>(g, q, 2, hn::Sub(mid_re, odd_im), hn::Add(mid_im, odd_re));
    }
};

// Outputs kFirst + kStep * r of the transform of a, b, c, e, whose own outputs are r = 0 ... 3.
template <bool kTwiddled, int kFirst, int kStep>
HWY_INLINE void store_transform4(const Group& g, std::int64_t q, V a_re, V a_im, V b_re, V b_im, V c_re, V c_im, V e_re,
                                 V e_im) {
    const V ac_re = hn::Add(a_re, c_re), ac_im = hn::Add(a_im, c_im);
    const V be_re = hn::Add(b_re, e_re), be_im = hn::Add(b_im, e_im);
    const V a_c_re = hn::Sub(a_re, c_re), a_c_im = hn::Sub(a_im, c_im);
    const V b_e_re = hn::Sub(b_re, e_re), b_e_im = hn::Sub(b_im, e_im);
    store<kTwiddled && kFirst != 0>(g, q, kFirst, hn::Add(ac_re, be_re), hn::Add(ac_im, be_im));
    store<kTwiddled>(g, q, kFirst + kStep, hn::Add(a_c_re, b_e_im), hn::Sub(a_c_im, b_e_re));
    store<kTwiddled>(g, q, kFirst + 2 * kStep, hn::Sub(ac_re, be_re), hn::Sub(ac_im, be_im));
    store<kTwiddled>(g, q, kFirst + 3 * kStep, hn::Sub(a_c_re, b_e_im), hn::Add(a_c_im, b_e_re));
}

struct Radix4 {
    template <bool kTwiddled>
    static HWY_INLINE void butterfly(const Group& g, std::int64_t q) {
        const D d;
        const double* re = g.in.re + q;
        const double* im = g.in.im + q;
        store_transform4<kTwiddled, 0, 1>(g, q, hn::Load(d, re), hn::Load(d, im), hn::Load(d, re + g.step),
                                          hn::Load(d, im + g.step), hn::Load(d, re + 2 * g.step),
                                          hn::Load(d, im + 2 * g.step), hn::Load(d, re + 3 * g.step),
                                          hn::Load(d, im + 3 * g.step));
    }
};

// Sums and differences of inputs half the way apart, each by a transform of four: fewer trips to memory than radix 4.
struct Radix8 {
    template <bool kTwiddled>
    static HWY_INLINE void butterfly(const Group& g, std::int64_t q) {
        const D d;
        const V diagonal = hn::Set(d, 0.70710678118654752440);
        const double* re = g.in.re + q;
        const double* im = g.in.im + q;
        const std::int64_t half = 4 * g.step;
        const V a0_re = hn::Load(d, re), a0_im = hn::Load(d, im);
        const V a4_re = hn::Load(d, re + half), a4_im = hn::Load(d, im + half);
        const V a1_re = hn::Load(d, re + g.step), a1_im = hn::Load(d, im + g.step);
        const V a5_re = hn::Load(d, re + half + g.step), a5_im = hn::Load(d, im + half + g.step);
        const V a2_re = hn::Load(d, re + 2 * g.step), a2_im = hn::Load(d, im + 2 * g.step);
        const V a6_re = hn::Load(d, re + half + 2 * g.step), a6_im = hn::Load(d, im + half + 2 * g.step);
        const V a3_re = hn::Load(d, re + 3 * g.step), a3_im = hn::Load(d, im + 3 * g.step);
        const V a7_re = hn::Load(d, re + half + 3 * g.step), a7_im = hn::Load(d, im + half + 3 * g.step);
        store_transform4<kTwiddled, 0, 2>(g, q, hn::Add(a0_re, a4_re), hn::Add(a0_im, a4_im), hn::Add(a1_re, a5_re),
                                          hn::Add(a1_im, a5_im), hn::Add(a2_re, a6_re), hn::Add(a2_im, a6_im),
                                          hn::Add(a3_re, a7_re), hn::Add(a3_im, a7_im));
        // The differences are turned by 0, 1, 2 and 3 eighths of a circle, clockwise.
        const V b_re = hn::Sub(a1_re, a5_re), b_im = hn::Sub(a1_im, a5_im);
        const V e_re = hn::Sub(a3_re, a7_re), e_im = hn::Sub(a3_im, a7_im);
        store_transform4<kTwiddled, 1, 2>(
            g, q, hn::Sub(a0_re, a4_re), hn::Sub(a0_im, a4_im), hn::Mul(diagonal, hn::Add(b_re, b_im)),
            hn::Mul(diagonal, hn::Sub(b_im, b_re)), hn::Sub(a2_im, a6_im), hn::Sub(a6_re, a2_re),
            hn::Mul(diagonal, hn::Sub(e_im, e_re)), hn::Neg(hn::Mul(diagonal, hn::Add(e_re, e_im))));
    }
};

struct Radix5 {
    template <bool kTwiddled>
    static HWY_INLINE void butterfly(const Group& g, std::int64_t q) {
        const D d;
        const V cos1 = hn::Set(d, 0.30901699437494742410), cos2 = hn::Set(d, -0.80901699437494742410);
        const V sin1 = hn::Set(d, 0.95105651629515357212), sin2 = hn::Set(d, 0.58778525229247312917);
        const double* re = g.in.re + q;
        const double* im = g.in.im + q;
        const V a_re = hn::Load(d, re), a_im = hn::Load(d, im);
        const V b_re = hn::Load(d, re + g.step), b_im = hn::Load(d, im + g.step);
        const V c_re = hn::Load(d, re + 2 * g.step), c_im = hn::Load(d, im + 2 * g.step);
        const V e_re = hn::Load(d, re + 3 * g.step), e_im = hn::Load(d, im + 3 * g.step);
        const V f_re = hn::Load(d, re + 4 * g.step), f_im = hn::Load(d, im + 4 * g.step);
        const V bf_re = hn::Add(b_re, f_re), bf_im = hn::Add(b_im, f_im);
        const V ce_re = hn::Add(c_re, e_re), ce_im = hn::Add(c_im, e_im);
        const V b_f_re = hn::Sub(b_re, f_re), b_f_im = hn::Sub(b_im, f_im);
        const V c_e_re = hn::Sub(c_re, e_re), c_e_im = hn::Sub(c_im, e_im);
        const V even1_re = hn::MulAdd(cos2, ce_re, hn::MulAdd(cos1, bf_re, a_re));
        const V even1_im = hn::MulAdd(cos2, ce_im, hn::MulAdd(cos1, bf_im, a_im));
        const V even2_re = hn::MulAdd(cos1, ce_re, hn::MulAdd(cos2, bf_re, a_re));
        const V even2_im = hn::MulAdd(cos1, ce_im, hn::MulAdd(cos2, bf_im, a_im));
        const V odd1_re = hn::MulAdd(sin2, c_e_re, hn::Mul(sin1, b_f_re));
        const V odd1_im = hn::MulAdd(sin2, c_e_im, hn::Mul(sin1, b_f_im));
        const V odd2_re = hn::MulSub(sin2, b_f_re, hn::Mul(sin1, c_e_re));
        const V odd2_im = hn::MulSub(sin2, b_f_im, hn::Mul(sin1, c_e_im));
        store<false>(g, q, 0, hn::Add(a_re, hn::Add(bf_re, ce_re)), hn::Add(a_im, hn::Add(bf_im, ce_im)));
        store<kTwiddled>(g, q, 1, hn::Add(even1_re, odd1_im), hn::Sub(even1_im, odd1_re));
        store<kTwiddled>(g, q, 2, hn::Add(even2_re, odd2_im), hn::Sub(even2_im, odd2_re));
        store<kTwiddled>(g, q, 3, hn::Sub(even2_re, odd2_im), hn::Add(even2_im, odd2_re));
        store<kTwiddled>(g, q, 4, hn::Sub(even1_re, odd1_im), hn::Add(even1_im, odd1_re));
    }
};

// Any odd radix. Inputs are loaded again for each pair of outputs rather than kept: there are more of them than
// registers.
struct OddRadix {
    template <bool kTwiddled>
    static HWY_INLINE void butterfly(const Group& g, std::int64_t q) {
        const D d;
        const int radix = g.radix;
        const double* re = g.in.re + q;
        const double* im = g.in.im + q;
        const V a_re = hn::Load(d, re), a_im = hn::Load(d, im);
        V all_re = a_re, all_im = a_im;
        for (int j = 1; j < radix; ++j) {
            all_re = hn::Add(all_re, hn::Load(d, re + j * g.step));
            all_im = hn::Add(all_im, hn::Load(d, im + j * g.step));
        }
        store<false>(g, q, 0, all_re, all_im);
        for (int r = 1; 2 * r < radix; ++r) {
            V even_re = a_re, even_im = a_im, odd_re = hn::Zero(d), odd_im = hn::Zero(d);
            for (int j = 1; 2 * j < radix; ++j) {
                const V b_re = hn::Load(d, re + j * g.step), b_im = hn::Load(d, im + j * g.step);
                const V c_re = hn::Load(d, re + (radix - j) * g.step), c_im = hn::Load(d, im + (radix - j) * g.step);
                const double* root = g.roots + 2 * (j * r % radix);
                const V cosine = hn::Set(d, root[0]), minus_sine = hn::Set(d, root[1]);
                even_re = hn::MulAdd(cosine, hn::Add(b_re, c_re), even_re);
                even_im = hn::MulAdd(cosine, hn::Add(b_im, c_im), even_im);
                odd_re = hn::NegMulAdd(minus_sine, hn::Sub(b_re, c_re), odd_re);
                odd_im = hn::NegMulAdd(minus_sine, hn::Sub(b_im, c_im), odd_im);
            }
            store<kTwiddled>(g, q, r, hn::Add(even_re, odd_im), hn::Sub(even_im, odd_re));
            store<kTwiddled>(g, q, radix - r, hn::Sub(even_re, odd_im), hn::Add(even_im, odd_re));
        }
    }
};

template <class Radix>
void run(const FftStage& stage, SplitComplex in, SplitComplex out) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
    Group g{in, out, stage.stride * stage.groups, stage.stride, stage.twiddles, stage.radix, stage.roots};
    for (std::int64_t q = 0; q < stage.stride; q += lanes) Radix::template butterfly<false>(g, q);  // k = 0: w = 1
    for (std::int64_t k = 1; k < stage.groups; ++k) {
        g.in.re += stage.stride, g.in.im += stage.stride;
        g.out.re += stage.stride * stage.radix, g.out.im += stage.stride * stage.radix;
        g.w += 2 * (stage.radix - 1);
        for (std::int64_t q = 0; q < stage.stride; q += lanes) Radix::template butterfly<true>(g, q);
    }
}

}  // namespace

void RunStage(const FftStage& stage, SplitComplex in, SplitComplex out) {
    switch (stage.radix) {
        case 2: return run<Radix2>(stage, in, out);
        case 3: return run<Radix3>(stage, in, out);
        case 4: return run<Radix4>(stage, in, out);
        case 5: return run<Radix5>(stage, in, out);
        case 8: return run<Radix8>(stage, in, out);
        default: return run<OddRadix>(stage, in, out);
    }
}

void MultiplyReal(SplitComplex data, const double* factor, std::int64_t length) {
    const D d;
    for (std::int64_t k = 0; k < length; ++k) {
        const V f = hn::Set(d, factor[k]);
        for (std::int64_t q = k * kFftLanes; q < (k + 1) * kFftLanes; q += static_cast<std::int64_t>(hn::Lanes(d))) {
            hn::Store(hn::Mul(f, hn::Load(d, data.re + q)), d, data.re + q);
            hn::Store(hn::Mul(f, hn::Load(d, data.im + q)), d, data.im + q);
        }
    }
}

void MultiplyComplex(SplitComplex data, const double* factor_re, const double* factor_im, std::int64_t length) {
    const D d;
    for (std::int64_t k = 0; k < length; ++k) {
        const V f_re = hn::Set(d, factor_re[k]), f_im = hn::Set(d, factor_im[k]);
        for (std::int64_t q = k * kFftLanes; q < (k + 1) * kFftLanes; q += static_cast<std::int64_t>(hn::Lanes(d))) {
            const V re = hn::Load(d, data.re + q), im = hn::Load(d, data.im + q);
            hn::Store(hn::MulSub(re, f_re, hn::Mul(im, f_im)), d, data.re + q);
            hn::Store(hn::MulAdd(re, f_im, hn::Mul(im, f_re)), d, data.im + q);
        }
    }
}

}  // namespace slicepool::filters::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace slicepool::filters {

HWY_EXPORT(RunStage);
HWY_EXPORT(MultiplyReal);
HWY_EXPORT(MultiplyComplex);

void run_fft_stage(const FftStage& stage, SplitComplex in, SplitComplex out) {
    HWY_DYNAMIC_DISPATCH(RunStage)(stage, in, out);
}

void multiply_lanes(SplitComplex data, const double* factor, std::int64_t length) {
    HWY_DYNAMIC_DISPATCH(MultiplyReal)(data, factor, length);
}

void multiply_lanes(SplitComplex data, const double* re, const double* im, std::int64_t length) {
    HWY_DYNAMIC_DISPATCH(MultiplyComplex)(data, re, im, length);
}

}  // namespace slicepool::filters
#endif
