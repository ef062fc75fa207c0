// ndimage_reference.hpp: the stored results of scipy.ndimage, case by case, and how far ours are from them.
// What counts as agreement is the tests' business; tests/reference/make_ndimage_reference.py makes the files.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "support/ndimage_case.hpp"
#include "support/reference_data.hpp"

namespace slicepool::reference {

struct NdimageCase {
    std::string text;  ///< the line of the list, for messages
    Array input;
    DType wish = DType::f32;
    std::vector<double> expected;
};

/// Every case of "gaussian", "uniform" or "median".
inline std::vector<NdimageCase> ndimage_cases(const std::string& filter) {
    const std::string stem = std::string(SLICEPOOL_TEST_REFERENCE_DIR) + "/" + filter;
    const std::vector<double> inputs = load_npy(stem + "_input.npy").values<double>();
    const std::vector<double> expected = load_npy(stem + "_expected.npy").values<double>();
    std::ifstream list(stem + "_cases.txt");
    std::vector<NdimageCase> cases;
    for (std::string line; std::getline(list, line);) {
        if (line.empty() || line[0] == '#') continue;
        Words words = split_words(line);
        NdimageCase entry{.text = line, .input = {}, .wish = parse_dtype(words["wish"]), .expected = {}};
        entry.input.shape = {std::stoll(words["rows"]), std::stoll(words["columns"])};
        entry.input.dtype = parse_dtype(words["dtype"]);
        const std::int64_t count = entry.input.count();
        entry.input.bytes.resize(static_cast<std::size_t>(count) * size_of(entry.input.dtype));
        const double* first = inputs.data() + std::stoll(words["input"]);
        visit_dtype(entry.input.dtype, [&]<class T>(std::type_identity<T>) {
            std::transform(first, first + count, reinterpret_cast<T*>(entry.input.bytes.data()),
                           [](double value) { return static_cast<T>(value); });
        });
        const double* result = expected.data() + std::stoll(words["expected"]);
        entry.expected.assign(result, result + count);
        cases.push_back(std::move(entry));
    }
    return cases;
}

/// How many floats lie between two, 0 for equal numbers and for two NaNs; NaN is infinitely far from any number.
template <class Float>
double ulps_between(Float a, Float b) {
    if (a == b || (std::isnan(a) && std::isnan(b))) return 0.0;
    if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::infinity();
    using Bits = std::conditional_t<sizeof(Float) == 4, std::int32_t, std::int64_t>;
    const auto ordered = [](Float value) {
        const auto bits = std::bit_cast<Bits>(value);
        return static_cast<double>(bits < 0 ? -(bits & std::numeric_limits<Bits>::max()) : bits);
    };
    return std::abs(ordered(a) - ordered(b));
}

}  // namespace slicepool::reference
