#include <slicepool/pool/pool.hpp>

#include "pool/carry_out.hpp"
#include "pool/plan.hpp"

#include "backends/control_area.hpp"
#include "os/loaded_code.hpp"
#include "os/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace slicepool {
namespace {

/// Address space for the ledger of a pool; only what runs use costs memory.
constexpr std::int64_t kMostSlices = std::int64_t{1} << 26;

}  // namespace

class Pool::State {
public:
    explicit State(const PoolOptions& options)
        : code(os::LoadedCode::now()),
          crew(make_crew(options.backend, effective_jobs(options.n_jobs, os::usable_cores()), kMostSlices)) {}

    std::mutex mutex;
    os::LoadedCode code;  // of the moment the workers were forked
    std::unique_ptr<Crew> crew;
};

Pool::Pool(const PoolOptions& options) : state_(std::make_unique<State>(options)) {
    static_assert(kLargestFilter == kCaptureBytes);
}

Pool::~Pool() = default;
Pool::Pool(Pool&&) noexcept = default;
Pool& Pool::operator=(Pool&&) noexcept = default;

int Pool::worker_count() const noexcept { return state_->crew->worker_count(); }

Backend Pool::backend() const noexcept { return state_->crew->backend(); }

Report Pool::run(const AnyVolume& input, const AnyVolume& output, const FilterRef& filter,
                 std::span<const std::byte> captures, const Options& options) {
    if (options.n_jobs)
        throw InvalidArgument(fmt::format("n_jobs {} in a call on a pool: its {} workers were chosen when it was made",
                                          *options.n_jobs, worker_count()));
    if (options.backend && *options.backend != backend())
        throw InvalidArgument(
            fmt::format("backend {} in a call on a pool of {}", name_of(*options.backend), name_of(backend())));
    const bool shipped = backend() == Backend::processes;
    if (shipped && !state_->code.contains(filter.operations()))
        throw InvalidArgument(
            fmt::format("the function is in '{}', which was loaded after the pool was made: its workers do not have "
                        "it. Make the pool "
                        "after loading, or call slicepool::process_slices",
                        os::LoadedCode::object_of(filter.operations())));
    Plan plan = make_plan(input, output, filter, backend(), options);
    if (plan.job.order.slices.count > kMostSlices)
        throw InvalidArgument(
            fmt::format("{} slices in one run: a pool takes up to {}", plan.job.order.slices.count, kMostSlices));
    if (plan.task_count == 0) return nothing_to_do(plan, backend());
    check_scratch_fits(plan, static_cast<int>(std::min<std::int64_t>(worker_count(), plan.task_count)));
    if (shipped) plan.job.captures = captures;
    const std::lock_guard one_run_at_a_time(state_->mutex);
    return carry_out(*state_->crew, plan);
}

}  // namespace slicepool
