// gaussian_reference_test.cpp: gaussian against stored results of scipy.ndimage.gaussian_filter.

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/ndimage_reference.hpp"

using namespace slicepool;

TEST_CASE("gaussian agrees with scipy on every mode, type, radius and special value",
          "[filters][gaussian][reference]") {
    const auto cases = reference::ndimage_cases("gaussian");
    REQUIRE(cases.size() > 100);
    for (const auto& entry : cases) {
        INFO(entry.text);
        const reference::Array output =
            reference::apply_to(reference::make_filter(reference::split_words(entry.text)), entry.input, entry.wish);
        const std::vector<double> got = output.values<double>();
        REQUIRE(got.size() == entry.expected.size());
        double largest = 0.0;
        for (const double value : entry.expected)
            if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
        double worst = 0.0;
        for (std::size_t i = 0; i < got.size(); ++i) {
            if (entry.wish == DType::f32)
                worst = std::max(
                    worst, reference::ulps_between(static_cast<float>(got[i]), static_cast<float>(entry.expected[i])));
            else if (entry.wish == DType::f64 && std::isfinite(got[i]) && std::isfinite(entry.expected[i]))
                // NumPy's exp() and the C library's differ in the last bit of some weights.
                worst = std::max(worst, std::abs(got[i] - entry.expected[i]) / (largest * 1e-15 + 1e-320));
            else
                worst = std::max(worst, reference::ulps_between(got[i], entry.expected[i]));
        }
        CHECK(worst <= (is_floating(entry.wish) ? 1.0 : 0.0));
    }
}
