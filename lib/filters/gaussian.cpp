#include <slicepool/filters/gaussian.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "filters/correlation.hpp"
#include "filters/gaussian_weights.hpp"
#include "filters/output_dtype.hpp"

namespace slicepool::filters {
namespace {

constexpr std::array<std::string_view, 2> kAxisNames{"rows", "columns"};
constexpr double kLeastSigma = 1e-15;  // scipy's threshold for leaving an axis alone
constexpr double kMostTaps = 1 << 24;

bool is_filtered(const GaussianParameters& parameters, std::size_t axis) {
    return parameters.sigma[axis] > kLeastSigma;
}

double wanted_radius(const GaussianParameters& parameters, std::size_t axis) {
    if (!is_filtered(parameters, axis)) return 0.0;
    if (parameters.radius[axis] >= 0) return parameters.radius[axis];
    return std::floor(parameters.truncate * parameters.sigma[axis] + 0.5);
}

void check(const GaussianParameters& parameters) {
    if (!(parameters.truncate > 0.0) || std::isinf(parameters.truncate))
        throw InvalidArgument(
            fmt::format("gaussian: truncate {} is not a positive number of sigmas", parameters.truncate));
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const double sigma = parameters.sigma[axis];
        if (!(sigma >= 0.0) || std::isinf(sigma))
            throw InvalidArgument(
                fmt::format("gaussian: sigma {} along {} must be 0 or more, in pixels; 0 leaves the axis alone", sigma,
                            kAxisNames[axis]));
        if (parameters.radius[axis] < -1)
            throw InvalidArgument(
                fmt::format("gaussian: radius {} along {} is negative; -1 takes it from sigma and truncate",
                            parameters.radius[axis], kAxisNames[axis]));
        const double radius = wanted_radius(parameters, axis);
        if (!(2.0 * radius + 1.0 <= kMostTaps))
            throw InvalidArgument(
                fmt::format("gaussian: a radius of {} pixels along {} (sigma {}) needs more than 2^24 "
                            "weights",
                            radius, kAxisNames[axis], sigma));
    }
}

CorrelationTask task_of(const GaussianParameters& parameters, const SliceSpec& input, DType wish) {
    return {.input = input,
            .output = wish,
            .radius = {static_cast<std::int64_t>(wanted_radius(parameters, 0)),
                       static_cast<std::int64_t>(wanted_radius(parameters, 1))},
            .mode = parameters.mode,
            .cval = parameters.cval,
            .round_between = is_filtered(parameters, 0)};
}

class GaussianKernel final : public SliceKernel {
public:
    GaussianKernel(const GaussianParameters& parameters, const CorrelationTask& task)
        : task_(task), scratch_(correlation_sizes(task)) {
        for (std::size_t axis = 0; axis < 2; ++axis)
            weights_[axis] = is_filtered(parameters, axis) ? gaussian_weights(parameters.sigma[axis], task.radius[axis])
                                                           : std::vector<double>{1.0};
    }

    void apply(const ConstSlice& input, const Slice& output) override {
        correlate_slice(task_, weights_, scratch_, input, output);
    }

private:
    CorrelationTask task_;
    std::array<std::vector<double>, 2> weights_;
    CorrelationScratch scratch_;
};

}  // namespace

Gaussian::Gaussian(const GaussianParameters& parameters) : parameters_(parameters) { check(parameters); }

FilterPlan Gaussian::plan(const SliceSpec& input, DType wish) const {
    check_output_dtype("gaussian", input.dtype, wish);
    const CorrelationTask task = task_of(parameters_, input, wish);
    const auto weights = static_cast<std::size_t>(task.radius[0] + task.radius[1] + 2);
    return {.output = {input.shape, wish},
            .scratch_bytes = sizeof(GaussianKernel) + weights * sizeof(double) + correlation_sizes(task).bytes(),
            .in_place = false};
}

std::unique_ptr<SliceKernel> Gaussian::prepare(const SliceSpec& input, DType wish) const {
    return std::make_unique<GaussianKernel>(parameters_, task_of(parameters_, input, wish));
}

Gaussian gaussian(const GaussianParameters& parameters) { return Gaussian(parameters); }

}  // namespace slicepool::filters
