#include "pool/width.hpp"

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

double gigabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e9; }

}  // namespace

Width::Width(const std::optional<int>& n_jobs, const std::optional<Backend>& where,
             const std::optional<std::size_t>& memory_per_worker) {
    const Defaults defaults = current_defaults();
    const int asked = first_of(n_jobs, defaults.n_jobs).value_or(-1);
    const auto bytes = first_of(memory_per_worker, defaults.memory_per_worker);
    if (bytes && *bytes == 0)
        throw InvalidArgument("memory_per_worker 0: give the bytes that a worker needs, or leave it out");
    backend = first_of(where, defaults.backend).value_or(Backend::processes);
    jobs = effective_jobs(asked, os::usable_cores());
    chosen = asked > 0;
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

}  // namespace slicepool
