// core_share.hpp: how many cores the calling code has to itself while it runs in a worker.
// How large a share is, is decided where a run is planned; see Options::inner_threads.
#pragma once

#include <optional>

namespace slicepool {

/// The cores that a function may keep busy while a worker runs it, at least 1; nothing outside of workers. Calls of
/// slicepool in there take it for the machine's cores (n_jobs -1 means the share), and OpenMP, OpenBLAS, MKL, BLIS and
/// oneTBB are held to it. In a worker process every thread has the share; on the backend `threads` only the worker's own
/// thread has, and what it starts gets none unless a CoreShareScope passes it on. Safe from many threads.
[[nodiscard]] std::optional<int> core_share() noexcept;

/// While it lives the constructing thread has this share (none: what it had before), for functions that start threads of
/// their own:
///
///   std::jthread helper([share = slicepool::core_share()] { const slicepool::CoreShareScope scope(share); ... });
///
/// May be nested. Ends in the thread and in the reverse order in which it began (a local variable does). It concerns calls
/// of slicepool; thread pools of other libraries are not held by it.
class CoreShareScope {
public:
    explicit CoreShareScope(std::optional<int> share) noexcept;
    ~CoreShareScope();
    CoreShareScope(const CoreShareScope&) = delete;
    CoreShareScope& operator=(const CoreShareScope&) = delete;

private:
    std::optional<int> outer_;
};

}  // namespace slicepool
