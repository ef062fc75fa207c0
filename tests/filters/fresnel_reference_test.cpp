// The fresnel filter against stored results of Algotom; see tests/reference/make_fresnel_reference.py.
#include <slicepool/filters/fresnel.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/reference_data.hpp"

namespace slicepool {
namespace {

const std::string kFolder = SLICEPOOL_TEST_REFERENCE_DIR "/";

struct Case {
    std::string line;
    std::map<std::string, std::string> words;
    const std::string& operator[](const char* name) const { return words.at(name); }
};

std::vector<Case> load_cases() {
    std::ifstream file(kFolder + "fresnel_cases.txt");
    std::vector<Case> cases;
    for (std::string line; std::getline(file, line);) {
        cases.push_back({line, {}});
        std::istringstream stream(line);
        for (std::string word; stream >> word;)
            cases.back().words[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
    }
    return cases;
}

// The largest difference between the filter's result, as T, and the reference's, relative to the latter, or to a
// thousandth of the largest value where that is more: without the logarithm a result may happen to be close to 0.
template <PixelType T>
double worst_difference(const Case& wanted, const std::vector<double>& expected) {
    const reference::Array input = reference::load_npy(kFolder + "fresnel_input_" + wanted["input"] + ".npy");
    const SliceShape shape{input.shape.at(0), input.shape.at(1)};
    filters::FresnelParameters parameters{.ratio = std::stod(wanted["ratio"]),
                                          .dim = std::stoi(wanted["dim"]),
                                          .pad = std::stoi(wanted["pad"]),
                                          .apply_log = wanted["apply_log"] == "true"};
    reference::Array window;
    if (wanted["window"] != "none") {
        window = reference::load_npy(kFolder + "fresnel_window_" + wanted["window"] + ".npy");
        parameters.window = contiguous_slice(window.bytes.data(), DType::f64, shape);
    }
    std::vector<T> output(static_cast<std::size_t>(shape.count()));
    const auto kernel = filters::fresnel(parameters).prepare({shape, input.dtype}, dtype_of<T>);
    std::vector<std::byte> pixels = input.bytes;
    kernel->apply(contiguous_slice(pixels.data(), input.dtype, shape),
                  contiguous_slice(reinterpret_cast<std::byte*>(output.data()), dtype_of<T>, shape));

    const auto offset = static_cast<std::size_t>(std::stoll(wanted["offset"]));
    REQUIRE(static_cast<std::int64_t>(output.size()) == std::stoll(wanted["count"]));
    double largest = 0.0, worst = 0.0;
    for (std::size_t i = 0; i < output.size(); ++i) largest = std::max(largest, std::abs(expected.at(offset + i)));
    for (std::size_t i = 0; i < output.size(); ++i) {
        const double difference = std::abs(static_cast<double>(output[i]) - expected[offset + i]);
        worst = std::max(worst, difference / std::max(std::abs(expected[offset + i]), 1e-3 * largest));
        if (std::isnan(difference)) return difference;
    }
    return worst;
}

TEST_CASE("fresnel agrees with Algotom in float64 to rounding", "[filters][fresnel][reference]") {
    const std::vector<double> expected = reference::load_npy(kFolder + "fresnel_expected.npy").values<double>();
    const std::vector<Case> cases = load_cases();
    REQUIRE(cases.size() > 50);
    for (const Case& wanted : cases) {
        INFO(wanted.line);
        CHECK(worst_difference<double>(wanted, expected) < 1e-12);
    }
}

TEST_CASE("fresnel agrees with a float64 run of Algotom to float32's rounding", "[filters][fresnel][reference]") {
    const std::vector<double> expected = reference::load_npy(kFolder + "fresnel_expected.npy").values<double>();
    for (const Case& wanted : load_cases()) {
        INFO(wanted.line);
        CHECK(worst_difference<float>(wanted, expected) < 6e-8);
    }
}

}  // namespace
}  // namespace slicepool
