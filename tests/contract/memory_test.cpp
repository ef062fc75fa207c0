// The memory a run takes: volumes once, scratch per worker, and little else.

#include <cstring>

#include <slicepool/filters/gaussian.hpp>

#include "os/machine.hpp"
#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

TEST_CASE("the first example of Algotom's guide takes input, output, scratch and at most 32 MB more",
          "[contract][memory]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    WARN("skipped: the sanitizers' own memory would be measured");
#else
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    constexpr std::uint64_t kNeeded = std::uint64_t{3} << 30;
    const bool large = os::available_memory().value_or(0) > kNeeded;
    if (!large) WARN("less than 3 GiB of memory is available: a smaller volume than the guide's is used");
    const Shape shape = large ? Shape{3000, 16, 5000} : Shape{600, 16, 1000};
    release_unused_memory();
    const auto input = Volume<float>::create(shape);
    for (std::int64_t z = 0; z < shape.depth; ++z)
        for (std::int64_t y = 0; y < shape.height; ++y)
            for (std::int64_t x = 0; x < shape.width; ++x)
                input(z, y, x) =
                    z >= shape.depth / 3 && z < 2 * shape.depth / 3 && x >= shape.width / 3 ? static_cast<float>(y) : 0;
    const auto output = Volume<float>::create(shape);

    const Report report = process_slices(input, output, filters::gaussian({.sigma = {3, 5}}),
                                         {.axis = 1, .n_jobs = 2, .backend = backend, .measure_memory = true});

    REQUIRE(report.ok());
    const std::size_t volumes = input.any().bytes() + output.any().bytes();
    const std::size_t scratch = static_cast<std::size_t>(report.worker_count) * report.scratch_bytes_per_worker;
    INFO("peak " << report.peak_memory_bytes << " volumes " << volumes << " scratch " << scratch);
    CHECK(report.peak_memory_bytes > volumes / 2);
    CHECK(report.peak_memory_bytes <= volumes + scratch + 32'000'000);
#endif
}
