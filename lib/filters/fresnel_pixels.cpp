#include "filters/vector_targets.hpp"  // before anything of Highway

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "filters/fresnel_pixels.cpp"
#include <hwy/foreach_target.h>  // first: it includes the rest once for each instruction set

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "filters/fresnel_pixels.hpp"

#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace slicepool::filters::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

// Takes x into the peak; one that is not finite makes `poison` NaN, and so what peak_of returns.
HWY_INLINE void add_to_peak(V x, V& largest, V& poison) {
    const D d;
    largest = hn::Max(largest, hn::Abs(x));
    poison = hn::MulAdd(x, hn::Zero(d), poison);
}

HWY_INLINE double peak_of(V largest, V poison) {
    const D d;
    return hn::GetLane(hn::Add(hn::MaxOfLanes(d, largest), hn::SumOfLanes(d, poison)));
}

}  // namespace

double RowPeak(const double* row, std::int64_t count) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    V largest = hn::Zero(d), poison = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) add_to_peak(hn::LoadU(d, row + i), largest, poison);
    for (; i < count; ++i) add_to_peak(hn::Set(d, row[i]), largest, poison);
    return peak_of(largest, poison);
}

double RowNegativeLog(double* row, std::int64_t count) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const V bad = hn::Set(d, std::numeric_limits<double>::quiet_NaN());
    V largest = hn::Zero(d), poison = hn::Zero(d);
    const auto logarithm = [&](V x) HWY_ATTR {
        const V y = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Neg(hn::Log(d, x)), bad);
        add_to_peak(y, largest, poison);
        add_to_peak(hn::Mul(x, hn::Zero(d)), largest, poison);  // NaN for an infinite x
        return y;
    };
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) hn::StoreU(logarithm(hn::LoadU(d, row + i)), d, row + i);
    for (; i < count; ++i) row[i] = hn::GetLane(logarithm(hn::Set(d, row[i])));
    return peak_of(largest, poison);
}

void RowNegativeExp(double* row, std::int64_t count) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const V limit = hn::Set(d, 700.0);  // Highway's Exp holds up to 706; beyond stands the C library
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const V x = hn::Neg(hn::LoadU(d, row + i));
        if (HWY_LIKELY(hn::AllTrue(d, hn::Lt(hn::Abs(x), limit)))) {
            hn::StoreU(hn::Exp(d, x), d, row + i);
        } else {
            for (std::int64_t j = i; j < i + lanes; ++j) row[j] = std::exp(-row[j]);
        }
    }
    for (; i < count; ++i) row[i] = std::exp(-row[i]);
}

}  // namespace slicepool::filters::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace slicepool::filters {

HWY_EXPORT(RowPeak);
HWY_EXPORT(RowNegativeLog);
HWY_EXPORT(RowNegativeExp);

double peak(const double* row, std::int64_t count) { return HWY_DYNAMIC_DISPATCH(RowPeak)(row, count); }

double negative_log(double* row, std::int64_t count) { return HWY_DYNAMIC_DISPATCH(RowNegativeLog)(row, count); }

void negative_exp(double* row, std::int64_t count) { HWY_DYNAMIC_DISPATCH(RowNegativeExp)(row, count); }

void read_row(const ConstSlice& input, std::int64_t row, double* to) {
    visit_dtype(input.dtype, [&]<class T>(std::type_identity<T>) {
        const T* from = input.row<T>(row);
        const std::int64_t step = input.has_contiguous_rows() ? 1 : input.column_stride / std::int64_t{sizeof(T)};
        if (step == 1)
            for (std::int64_t x = 0; x < input.shape.columns; ++x) to[x] = static_cast<double>(from[x]);
        else
            for (std::int64_t x = 0; x < input.shape.columns; ++x) to[x] = static_cast<double>(from[x * step]);
    });
}

namespace {

// Calls function(pixel, x) for the pixels of a floating row.
template <class Function>
void each_pixel(const Slice& output, std::int64_t row, Function function) {
    const auto visit = [&]<class T>(std::type_identity<T>) {
        T* to = output.row<T>(row);
        const std::int64_t step = output.has_contiguous_rows() ? 1 : output.column_stride / std::int64_t{sizeof(T)};
        if (step == 1)
            for (std::int64_t x = 0; x < output.shape.columns; ++x) function(to[x], x);
        else
            for (std::int64_t x = 0; x < output.shape.columns; ++x) function(to[x * step], x);
    };
    if (output.dtype == DType::f32)
        visit(std::type_identity<float>{});
    else
        visit(std::type_identity<double>{});
}

}  // namespace

void write_row(const double* from, const Slice& output, std::int64_t row) {
    each_pixel(output, row, [&]<class T>(T& pixel, std::int64_t x) { pixel = static_cast<T>(from[x]); });
}

void fill_row(double value, const Slice& output, std::int64_t row) {
    each_pixel(output, row, [&]<class T>(T& pixel, std::int64_t) { pixel = static_cast<T>(value); });
}

}  // namespace slicepool::filters
#endif
