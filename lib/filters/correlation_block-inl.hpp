// correlation_block-inl.hpp: the register block of a symmetric correlation, which both passes are made of. Compiled
// once per instruction set (Highway's foreach_target). It knows lines of lanes, neither rows nor columns.
#if defined(SLICEPOOL_FILTERS_CORRELATION_BLOCK_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef SLICEPOOL_FILTERS_CORRELATION_BLOCK_INL
#undef SLICEPOOL_FILTERS_CORRELATION_BLOCK_INL
#else
#define SLICEPOOL_FILTERS_CORRELATION_BLOCK_INL
#endif

#include <cstddef>
#include <cstdint>
#include <utility>

#include <hwy/highway.h>

#include "filters/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace slicepool::filters {
namespace HWY_NAMESPACE {

template <bool kFused>
HWY_INLINE DoubleVector add_product(DoubleVector sum, DoubleVector factor, DoubleVector weight) {
    if constexpr (kFused)
        return hn::MulAdd(factor, weight, sum);
    else
        return hn::Add(sum, hn::Mul(factor, weight));
}

/// kBlock consecutive outputs of a symmetric correlation across lines, kLanes lanes at `offset` of each line. For the
/// pairs at one distance the upper and the lower lines each form a window of kBlock lines; at the next distance the
/// windows move toward each other by one, so that two loads serve kBlock pairs. Registers are renamed, not moved: the
/// step number modulo kBlock says which register holds which line.
template <class Source, bool kFused>
class CorrelationBlock {
public:
    /// `centre` points to the line of the first output; lines -radius ... kBlock - 1 + radius around it are read.
    HWY_INLINE CorrelationBlock(const Source* const* centre, std::int64_t offset, const double* weights,
                                std::int64_t radius)
        : centre_(centre), offset_(offset), weights_(weights), distance_(radius) {}

    HWY_INLINE void sum(DoubleVector (&sums)[kBlock]) { sum(sums, std::make_index_sequence<kBlock>()); }

private:
    HWY_INLINE DoubleVector line(std::int64_t index) const { return load_as_double(centre_[index] + offset_); }

    template <std::size_t... i>
    HWY_INLINE void sum(DoubleVector (&sums)[kBlock], std::index_sequence<i...> steps) {
        const auto weight = hn::Set(Doubles(), weights_[0]);
        ((sums[i] = hn::Mul(line(i), weight)), ...);
        if (distance_ == 0) return;
        DoubleVector upper[kBlock];
        DoubleVector lower[kBlock];
        ((upper[i] = line(static_cast<std::int64_t>(i) - distance_)), ...);
        ((lower[i] = line(static_cast<std::int64_t>(i) + distance_)), ...);
        while ((take_step<i>(sums, upper, lower, steps) && ...)) {
        }
    }

    template <std::size_t step, std::size_t... i>
    HWY_INLINE bool take_step(DoubleVector (&sums)[kBlock], DoubleVector (&upper)[kBlock],
                              DoubleVector (&lower)[kBlock], std::index_sequence<i...>) {
        const auto weight = hn::Set(Doubles(), weights_[distance_]);
        ((sums[i] = add_product<kFused>(
              sums[i], hn::Add(upper[(i + step) % kBlock], lower[(i + kBlock - step) % kBlock]), weight)),
         ...);
        if (--distance_ == 0) return false;
        upper[step] = line(static_cast<std::int64_t>(kBlock) - 1 - distance_);
        lower[kBlock - 1 - step] = line(distance_);
        return true;
    }

    const Source* const* centre_;
    std::int64_t offset_;
    const double* weights_;
    std::int64_t distance_;
};

}  // namespace HWY_NAMESPACE
}  // namespace slicepool::filters
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
