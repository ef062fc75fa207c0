// 04_whole_volumes.cpp: two filters over every image of a stack, serially, in threads and in processes, timed and compared.
// Usage: 04_whole_volumes [IMAGES HEIGHT WIDTH], by default 12 images of 200 x 300. Algotom's guide to parallel processing
// takes 100 images of 2000 x 2000 for this: 3.2 GB of input and 1.6 GB for each of two outputs.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <random>
#include <string>

#include <slicepool/slicepool.hpp>

namespace sp = slicepool;

namespace {

/// Pixels between 0 and 1, 0 left out: the Fresnel filter takes logarithms.
sp::Volume<double> random_images(const sp::Shape& shape) {
    auto images = sp::Volume<double>::create(shape);
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> pixel(0.01, 1.0);
    std::generate_n(images.data(), shape.count(), [&] { return pixel(random); });
    return images;
}

/// Applies the filter on every backend; false when their pixels differ.
bool compare(const std::string& name, const sp::Volume<double>& images, const sp::AnyFilter& filter) {
    const auto expected = sp::Volume<float>::create(images.shape());
    const auto output = sp::Volume<float>::create(images.shape());
    bool equal = true;
    for (const sp::Backend backend : {sp::Backend::serial, sp::Backend::threads, sp::Backend::processes}) {
        const bool first = backend == sp::Backend::serial;
        // What Algotom writes as parallel_process_slices(images, filter, [...], axis=0, ncore=..., prefer=...).
        const sp::Report report =
            sp::process_slices(images, first ? expected : output, filter, {.axis = 0, .backend = backend});
        report.raise();
        const bool same = first || std::memcmp(output.data(), expected.data(), expected.any().bytes()) == 0;
        std::cout << name << ", " << sp::name_of(backend) << ": " << report.count(sp::SliceStatus::done)
                  << " images in " << report.wall_seconds << " s on " << report.worker_count << " core(s)"
                  << (first  ? ""
                      : same ? ", the same pixels as serially"
                             : ", NOT the same pixels as serially")
                  << "\n";
        equal = equal && same;
    }
    return equal;
}

}  // namespace

int main(int argc, char** argv) try {
    sp::Shape shape{12, 200, 300};
    if (argc == 4) shape = {std::atoll(argv[1]), std::atoll(argv[2]), std::atoll(argv[3])};
    const auto images = random_images(shape);
    const bool smoothed = compare("gaussian", images, sp::filters::gaussian({.sigma = {5, 5}}));
    const bool filtered = compare("fresnel", images, sp::filters::fresnel({.ratio = 100.0, .dim = 1}));
    return smoothed && filtered ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
}
