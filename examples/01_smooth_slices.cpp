// 01_smooth_slices.cpp: smooths every slice of a volume in worker processes, and compares with the same work done serially.
// It measures nothing; `slicepool demo` runs a larger version of this on every backend, with times.
#include <cstring>
#include <iostream>

#include <slicepool/slicepool.hpp>

namespace sp = slicepool;

int main() {
    // (z, y, x) = (depth, height, width): 16 slices along axis 1, each 300 x 500 pixels.
    // A bright block stands in each slice, as bright as the slice's number.
    const auto volume = sp::Volume<float>::create({300, 16, 500});
    for (int y = 0; y < 16; ++y) {
        sp::SliceView<float> slice = volume.slice(1, y);
        slice.setZero();
        slice.block(100, 200, 100, 100).setConstant(static_cast<float>(y));
    }

    // Standard deviations in pixels, along z and along x.
    const auto filter = sp::filters::gaussian({.sigma = {3, 5}});

    const auto smooth = sp::Volume<float>::create(volume.shape());
    const sp::Report report =
        sp::process_slices(volume, smooth, filter, {.axis = 1, .backend = sp::Backend::processes});
    report.raise();  // throws if a slice was not done; until then a failure is only a line in the report

    const auto expected = sp::Volume<float>::create(volume.shape());
    sp::process_slices(volume, expected, filter, {.axis = 1, .backend = sp::Backend::serial}).raise();

    const bool equal = std::memcmp(smooth.data(), expected.data(), volume.any().bytes()) == 0;
    std::cout << report.count(sp::SliceStatus::done) << " slices smoothed by " << report.worker_count
              << " worker processes in " << report.wall_seconds << " s; "
              << (equal ? "the same bytes" : "NOT the same bytes") << " as serially\n";
    return equal ? 0 : 1;
}
