#include "pool/width.hpp"

#include <slicepool/core/core_share.hpp>
#include <slicepool/core/error.hpp>

#include "os/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace slicepool {
namespace {

template <class T>
std::optional<T> first_of(const std::optional<T>& said, const std::optional<T>& otherwise) {
    return said ? said : otherwise;
}

/// In a worker the function is isolated already, or was not meant to be.
Backend usual_backend(int jobs) {
    if (!core_share()) return Backend::processes;
    return jobs == 1 ? Backend::serial : Backend::threads;
}

double gigabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e9; }

}  // namespace

Width::Width(const Defaults& asked, Placement where) : cores(os::usable_cores()), placement(where) {
    const Defaults defaults = current_defaults();
    const int n_jobs = first_of(asked.n_jobs, defaults.n_jobs).value_or(-1);
    const auto bytes = first_of(asked.memory_per_worker, defaults.memory_per_worker);
    if (bytes && *bytes == 0)
        throw InvalidArgument("memory_per_worker 0: give the bytes that a worker needs, or leave it out");
    inner_threads = first_of(asked.inner_threads, defaults.inner_threads);
    if (inner_threads && *inner_threads < 1)
        throw InvalidArgument(fmt::format(
            "inner_threads {}: at least 1, or leave it out for each worker's share of the cores", *inner_threads));
    jobs = effective_jobs(n_jobs, cores);
    chosen = n_jobs > 0;
    backend = first_of(asked.backend, defaults.backend).value_or(usual_backend(jobs));
    declared_bytes = bytes.value_or(0);
}

int Width::workers(std::int64_t tasks, std::size_t scratch_bytes) const {
    const auto wanted = backend == Backend::serial ? 1 : std::clamp<std::int64_t>(tasks, 1, jobs);
    const std::size_t each = declared_bytes + (chosen ? 0 : scratch_bytes);
    if (each == 0) return static_cast<int>(wanted);
    const auto available = os::available_memory();
    if (!available) return static_cast<int>(wanted);
    if (each > *available && declared_bytes > 0)
        throw SystemError(
            "allocate", fmt::format("{:.2f} GB for a worker, as memory_per_worker and scratch demand", gigabytes(each)),
            std::make_error_code(std::errc::not_enough_memory),
            fmt::format("{:.2f} GB are available", gigabytes(*available)));
    const auto fitting = static_cast<std::int64_t>(*available / each);
    return static_cast<int>(std::clamp<std::int64_t>(fitting, 1, wanted));
}

CrewPlan Width::crew(int worker_count, std::int64_t most_slices) const {
    CrewPlan plan{
        .backend = backend, .worker_count = worker_count, .most_slices = most_slices, .core_share = inner_threads};
    if (backend == Backend::serial) return plan;
    const int share = placement == Placement::cores ? 1 : std::max(1, cores / worker_count);
    plan.core_share = inner_threads.value_or(share);
    plan.places = WorkerPlaces::on_this_machine(placement, worker_count);
    return plan;
}

}  // namespace slicepool
