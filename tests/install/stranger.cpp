// stranger.cpp: a program of somebody else's, who has slicepool installed and nothing of its source.
// It tests that headers and library fit together, not what they compute; tests/contract does that.
#include <cstdio>

#include <slicepool/slicepool.hpp>

namespace sp = slicepool;

int main() {
    const auto input = sp::Volume<float>::create({5, 7, 11});
    const auto scaled = sp::Volume<float>::create(input.shape());
    const auto smooth = sp::Volume<float>::create(input.shape());
    for (int z = 0; z < 5; ++z) input.slice(0, z).setConstant(2.0F);

    const sp::Report of_callable = sp::process_slices(
        input, scaled, [](sp::SliceView<const float> in, sp::SliceView<float> out) { out = in * 3.0F; },
        {.axis = 1, .n_jobs = 2, .backend = sp::Backend::processes});
    const sp::Report of_filter =
        sp::process_slices(scaled, smooth, sp::filters::gaussian({.sigma = {1.0, 2.0}}), {.axis = 0, .n_jobs = 2});

    const float pixel = smooth(4, 6, 10);
    std::printf("%lld and %lld slices done, last pixel %g\n",
                static_cast<long long>(of_callable.count(sp::SliceStatus::done)),
                static_cast<long long>(of_filter.count(sp::SliceStatus::done)), static_cast<double>(pixel));
    return of_callable.ok() && of_filter.ok() && pixel > 5.9999F && pixel < 6.0001F ? 0 : 1;
}
