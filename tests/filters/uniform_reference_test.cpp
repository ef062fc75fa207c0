// uniform_reference_test.cpp: uniform against stored results of scipy.ndimage.uniform_filter.

#include "support/catch.hpp"
#include "support/ndimage_reference.hpp"

using namespace slicepool;

TEST_CASE("uniform equals scipy on every mode, type and size", "[filters][uniform][reference]") {
    const auto cases = reference::ndimage_cases("uniform");
    REQUIRE(cases.size() > 70);
    for (const auto& entry : cases) {
        INFO(entry.text);
        const reference::Array output =
            reference::apply_to(reference::make_filter(reference::split_words(entry.text)), entry.input, entry.wish);
        const std::vector<double> got = output.values<double>();
        REQUIRE(got.size() == entry.expected.size());
        double worst = 0.0;
        for (std::size_t i = 0; i < got.size(); ++i)
            worst = std::max(worst, reference::ulps_between(got[i], entry.expected[i]));
        CHECK(worst == 0.0);
    }
}
