// Times the fresnel filter's kernel on one core: slices of float32 in, float32 out, pixels warm, tables made
// beforehand. Not timed: making the kernel, the pool, files. Arguments: rows, columns, dim.
//   ./dev bench fresnel
// For the same with the reference: python3 -m timeit -n1 -r5 -s "import numpy as np; from algotom.prep.filtering import
//   fresnel_filter as f; a = np.random.rand(2000, 2000).astype('f4') + 0.5" "f(a, 100.0, dim=1)"
#include <benchmark/benchmark.h>

#include <cstddef>
#include <random>
#include <vector>

#include <slicepool/filters/fresnel.hpp>

namespace {

using namespace slicepool;

void fresnel_slice(benchmark::State& state) {
    const SliceShape shape{state.range(0), state.range(1)};
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(0.5F, 1.5F);
    std::vector<float> input(static_cast<std::size_t>(shape.count())), output(input.size());
    for (float& pixel : input) pixel = uniform(random);
    const auto kernel = filters::fresnel({.ratio = 100.0, .dim = static_cast<int>(state.range(2))})
                            .prepare({shape, DType::f32}, DType::f32);
    const Slice from = contiguous_slice(reinterpret_cast<std::byte*>(input.data()), DType::f32, shape);
    const Slice to = contiguous_slice(reinterpret_cast<std::byte*>(output.data()), DType::f32, shape);
    for (auto iteration : state) {
        (void)iteration;
        kernel->apply(from, to);
        benchmark::DoNotOptimize(output.data());
    }
    state.SetItemsProcessed(state.iterations() * shape.count());
}

BENCHMARK(fresnel_slice)
    ->Args({2000, 2000, 1})
    ->Args({2048, 1800, 1})
    ->Args({1800, 2048, 1})
    ->Args({2160, 2560, 1})
    ->Args({2000, 2000, 2})
    ->Args({2048, 1800, 2})
    ->Args({1024, 1024, 2})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
