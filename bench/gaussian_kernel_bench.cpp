// gaussian_kernel_bench.cpp: the gaussian's kernel on one core: one prepared kernel called again and again on one
// slice. Timed: SliceKernel::apply. Not timed: preparing the kernel, first touch of the pages, workers, reading and
// writing files. Run on an idle machine:
//   gaussian_kernel_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true
// For the ratio to scipy run in the same minute (435 ms for the first case on a 2-core AMD Genoa virtual machine):
//   python3 -m timeit -n1 -r5 -s "import numpy as np; from scipy import ndimage;
//   v = np.random.default_rng(0).standard_normal((3000, 16, 5000), np.float32); o = np.zeros_like(v)"
//   "ndimage.gaussian_filter(v[:, 3], (3, 5), output=o[:, 3])"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include <slicepool/filters/gaussian.hpp>

namespace {

using namespace slicepool;

/// A slice whose rows lie row_step rows apart, of random pixels.
template <PixelType T>
class StridedSlice {
public:
    StridedSlice(SliceShape shape, std::int64_t row_step)
        : pixels_(static_cast<std::size_t>(shape.count() * row_step)), shape_(shape), row_step_(row_step) {
        std::mt19937 random(1);
        for (T& pixel : pixels_) pixel = static_cast<T>(random() % 60000);
    }

    [[nodiscard]] Slice slice() {
        constexpr auto size = static_cast<std::int64_t>(sizeof(T));
        return {reinterpret_cast<std::byte*>(pixels_.data()), dtype_of<T>, shape_, shape_.columns * row_step_ * size,
                size};
    }

private:
    std::vector<T> pixels_;
    SliceShape shape_;
    std::int64_t row_step_;
};

template <PixelType In, PixelType Out>
void smooth(benchmark::State& state, SliceShape shape, std::int64_t row_step, filters::GaussianParameters parameters) {
    StridedSlice<In> input(shape, row_step);
    StridedSlice<Out> output(shape, row_step);
    const auto kernel = filters::gaussian(parameters).prepare({shape, dtype_of<In>}, dtype_of<Out>);
    for (auto _ : state) {
        kernel->apply(input.slice(), output.slice());
        benchmark::ClobberMemory();
    }
    state.counters["Mpixel"] =
        benchmark::Counter(static_cast<double>(shape.count()) * 1e-6, benchmark::Counter::kIsIterationInvariantRate);
}

template <PixelType In, PixelType Out>
void add(const char* name, SliceShape shape, std::int64_t row_step, filters::GaussianParameters parameters) {
    benchmark::RegisterBenchmark(name, [=](benchmark::State& state) {
        smooth<In, Out>(state, shape, row_step, parameters);
    })->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int count, char** arguments) {
    // A slice along axis 1 of a float32 volume of 3000 x 16 x 5000.
    add<float, float>("f32 3000x5000 sigma 3,5, rows 320 kB apart", {3000, 5000}, 16, {.sigma = {3, 5}});
    add<float, float>("f32 3000x5000 sigma 3,5", {3000, 5000}, 1, {.sigma = {3, 5}});
    // Small enough for the second-level cache: what the arithmetic alone costs.
    add<float, float>("f32 100x1000 sigma 3,5", {100, 1000}, 1, {.sigma = {3, 5}});
    add<float, float>("f32 2000x2000 sigma 1", {2000, 2000}, 1, {.sigma = {1, 1}});
    add<float, float>("f32 2000x2000 sigma 20", {2000, 2000}, 1, {.sigma = {20, 20}});
    add<double, double>("f64 2000x2000 sigma 5", {2000, 2000}, 1, {.sigma = {5, 5}});
    add<std::uint16_t, float>("u16 to f32 2000x2000 sigma 3", {2000, 2000}, 1, {.sigma = {3, 3}});
    add<std::uint16_t, std::uint16_t>("u16 to u16 2000x2000 sigma 3", {2000, 2000}, 1, {.sigma = {3, 3}});
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
