#include "filters/gaussian_weights.hpp"

#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace slicepool::filters {
namespace {

/// The sum of phi[|k|] over k = first ... first + count - 1, in the order of NumPy's pairwise summation.
double pairwise_sum(const std::vector<double>& phi, std::int64_t first, std::int64_t count) {
    const auto tap = [&phi, first](std::int64_t i) { return phi[static_cast<std::size_t>(std::abs(first + i))]; };
    if (count < 8) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < count; ++i) sum += tap(i);
        return sum;
    }
    if (count <= 128) {
        double part[8];
        for (std::int64_t i = 0; i < 8; ++i) part[i] = tap(i);
        std::int64_t i = 8;
        for (; i < count - count % 8; i += 8)
            for (std::int64_t lane = 0; lane < 8; ++lane) part[lane] += tap(i + lane);
        double sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
        for (; i < count; ++i) sum += tap(i);
        return sum;
    }
    const std::int64_t half = count / 2 - count / 2 % 8;
    return pairwise_sum(phi, first, half) + pairwise_sum(phi, first + half, count - half);
}

}  // namespace

std::vector<double> gaussian_weights(double sigma, std::int64_t radius) {
    const double factor = -0.5 / (sigma * sigma);
    std::vector<double> phi(static_cast<std::size_t>(radius) + 1);
    for (std::int64_t x = 0; x <= radius; ++x)
        phi[static_cast<std::size_t>(x)] = std::exp(factor * static_cast<double>(x * x));
    const double sum = pairwise_sum(phi, -radius, 2 * radius + 1);
    for (double& weight : phi) weight /= sum;
    return phi;
}

}  // namespace slicepool::filters
