// defaults.hpp: what calls take where their Options are silent, for a scope of the program or from its environment.
// What happens where nobody says anything is in options.hpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <slicepool/core/options.hpp>

namespace slicepool {

/// Members that are set stand for the members of the same name of Options and PoolOptions that are not.
struct Defaults {
    std::optional<int> n_jobs;
    std::optional<Backend> backend;
    std::optional<std::size_t> memory_per_worker;
    std::optional<int> inner_threads;
};

/// Defaults of the calls that this thread makes while the object lives, as joblib's parallel_config: code that calls
/// slicepool somewhere below, and offers no option for it, can be told how wide to run and where.
///
///   const slicepool::ScopedDefaults narrow({.n_jobs = 2, .backend = slicepool::Backend::threads});
///
/// Scopes may be nested; the innermost that sets a member decides. Other threads, worker threads and worker processes
/// are not concerned. Ends in the thread and in the reverse order in which it began (a local variable does).
class ScopedDefaults {
public:
    explicit ScopedDefaults(const Defaults& defaults) noexcept;
    ~ScopedDefaults();
    ScopedDefaults(const ScopedDefaults&) = delete;
    ScopedDefaults& operator=(const ScopedDefaults&) = delete;

private:
    Defaults outer_;
};

/// What this thread's calls take now: what its scopes set, else the environment variables SLICEPOOL_N_JOBS,
/// SLICEPOOL_BACKEND and SLICEPOOL_MEMORY_PER_WORKER (bytes, or with K, M, G or T: powers of 1000). Empty ones count as
/// not set. In a worker the environment's n_jobs and backend do not count: they are meant for the program as a whole,
/// and a worker has its share of it (core_share.hpp). Throws InvalidArgument for a variable that makes no sense, naming
/// it, unless a scope makes it irrelevant.
[[nodiscard]] Defaults current_defaults();

/// "4096", "512K", "1.5G": bytes. Throws InvalidArgument for anything else, and for 0.
[[nodiscard]] std::size_t parse_bytes(std::string_view text);

}  // namespace slicepool
