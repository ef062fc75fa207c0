// 03_flat_field.cpp: corrects projections by flats and darks, and writes down the mean of each: several volumes per slice.
// Then averages neighbouring projections, in blocks with a halo. It measures nothing.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>

#include <slicepool/slicepool.hpp>

namespace sp = slicepool;

namespace {

constexpr float kTransmission = 0.25F;

/// What the camera counts: `beam` in percent of full scale, behind whatever transmits `transmission` of it.
std::uint16_t counts(float beam, float transmission) {
    return static_cast<std::uint16_t>(100.0F + 400.0F * beam * transmission);
}

}  // namespace

int main() {
    // 20 projections of 64 x 96 pixels: a plate that lets a quarter through, in a beam that is brighter to the right.
    const auto projections = sp::Volume<std::uint16_t>::create({20, 64, 96});
    const auto flat = sp::Volume<std::uint16_t>::create({1, 64, 96});  // one image, for every projection
    const auto dark = sp::Volume<std::uint16_t>::create({1, 64, 96});
    for (std::int64_t y = 0; y < 64; ++y)
        for (std::int64_t x = 0; x < 96; ++x) {
            const auto beam = static_cast<float>(x + 1);
            flat(0, y, x) = counts(beam, 1);
            dark(0, y, x) = counts(beam, 0);
            for (std::int64_t z = 0; z < 20; ++z) projections(z, y, x) = counts(beam, kTransmission);
        }

    // Of each projection: the corrected one, and a row of a table. Types and shapes may differ from volume to volume.
    const auto corrected = sp::Volume<float>::create(projections.shape());
    const auto means = sp::Table<double>::create(20);
    sp::process_slices(sp::inputs(projections, sp::broadcast(flat), sp::broadcast(dark)), sp::outputs(corrected, means),
                       [](sp::SliceView<const std::uint16_t> projection, sp::SliceView<const std::uint16_t> flat_image,
                          sp::SliceView<const std::uint16_t> dark_image, sp::SliceView<float> out, double& mean) {
                           const auto background = dark_image.cast<float>();
                           out = (projection.cast<float>() - background) / (flat_image.cast<float>() - background);
                           mean = out.cast<double>().mean();
                       },
                       {.axis = 0})
        .raise();

    // Eight projections at a time, seeing one more on either side; beyond the first and the last the volume is reflected.
    const auto smooth = sp::Volume<float>::create(corrected.shape());
    sp::process_blocks(sp::inputs(corrected), sp::outputs(smooth),
                       [](sp::SliceStack<const float> in, sp::SliceStack<float> out) {
                           for (std::int64_t i = 0; i < out.size(); ++i) out[i] = (in[i - 1] + in[i] + in[i + 1]) / 3;
                       },
                       {.size = 8, .halo = 1, .beyond = sp::Beyond::reflect}, {.axis = 0})
        .raise();

    double worst = 0;
    for (const double mean : means) worst = std::max(worst, std::abs(mean - kTransmission));
    for (std::int64_t z = 0; z < 20; ++z)
        worst = std::max(worst, static_cast<double>((smooth.slice(0, z) - kTransmission).abs().maxCoeff()));
    std::cout << means.size() << " projections corrected, the first lets " << means[0]
              << " of the beam through; the worst error of all is " << (worst < 1e-6 ? "below" : "ABOVE") << " 1e-6\n";
    return worst < 1e-6 ? 0 : 1;
}
