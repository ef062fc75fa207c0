#include <slicepool/pool/pool.hpp>

#include "pool/carry_out.hpp"
#include "pool/plan.hpp"
#include "pool/width.hpp"

#include "backends/control_area.hpp"
#include "os/loaded_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace slicepool {
namespace {

/// Address space for the ledger of a pool; only what runs use costs memory.
constexpr std::int64_t kMostSlices = std::int64_t{1} << 26;

}  // namespace

class Pool::State {
public:
    explicit State(const Width& width)
        : code(os::LoadedCode::now()), crew(make_crew(width.crew(width.workers(width.jobs), kMostSlices))) {}

    Report carry_out(Plan& plan, std::span<const std::byte> captures);

    os::LoadedCode code;  // of the moment the workers were forked
    std::unique_ptr<Crew> crew;

private:
    /// Runs take turns in the order in which they came.
    class Turn {
    public:
        explicit Turn(State& state) : state_(state) {
            std::unique_lock lock(state_.mutex_);
            const std::uint64_t mine = state_.next_ticket_++;
            state_.turn_has_come_.wait(lock, [&] { return state_.now_serving_ == mine; });
        }
        ~Turn() {
            const std::lock_guard lock(state_.mutex_);
            ++state_.now_serving_;
            state_.turn_has_come_.notify_all();
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        State& state_;
    };

    std::mutex mutex_;
    std::condition_variable turn_has_come_;
    std::uint64_t next_ticket_ = 0;
    std::uint64_t now_serving_ = 0;
};

Pool::Pool(const PoolOptions& options)
    : state_(std::make_unique<State>(
          Width(Defaults{options.n_jobs, options.backend, options.memory_per_worker, options.inner_threads},
                options.placement))) {
    static_assert(kLargestFilter == kCaptureBytes);
}

Pool::~Pool() = default;
Pool::Pool(Pool&&) noexcept = default;
Pool& Pool::operator=(Pool&&) noexcept = default;

int Pool::worker_count() const noexcept { return state_->crew->worker_count(); }

Backend Pool::backend() const noexcept { return state_->crew->backend(); }

/// `code`: of the function.
void Pool::check(const Options& options, const void* code) const {
    if (options.n_jobs)
        throw InvalidArgument(fmt::format("n_jobs {} in a call on a pool: its {} workers were chosen when it was made",
                                          *options.n_jobs, worker_count()));
    if (options.memory_per_worker)
        throw InvalidArgument(
            fmt::format("memory_per_worker {} in a call on a pool: its {} workers were chosen when it was made",
                        *options.memory_per_worker, worker_count()));
    if (options.inner_threads)
        throw InvalidArgument(
            fmt::format("inner_threads {} in a call on a pool: what its workers may use was chosen when it was made",
                        *options.inner_threads));
    if (options.placement != Placement::none)
        throw InvalidArgument(fmt::format("placement {} in a call on a pool: its workers were placed when it was made",
                                          name_of(options.placement)));
    if (options.backend && *options.backend != backend())
        throw InvalidArgument(
            fmt::format("backend {} in a call on a pool of {}", name_of(*options.backend), name_of(backend())));
    if (backend() == Backend::processes && !state_->code.contains(code))
        throw InvalidArgument(
            fmt::format("the function is in '{}', which was loaded after the pool was made: its workers do not have "
                        "it. Make the pool after loading, or call the free function of the same name",
                        os::LoadedCode::object_of(code)));
}

Report Pool::State::carry_out(Plan& plan, std::span<const std::byte> captures) {
    if (plan.task_count > kMostSlices)
        throw InvalidArgument(
            fmt::format("{} slices or chunks in one run: a pool takes up to {}", plan.task_count, kMostSlices));
    if (plan.task_count == 0) return nothing_to_do(plan, crew->backend());
    if (crew->backend() == Backend::processes) plan.job.captures = captures;
    const Turn turn(*this);
    return slicepool::carry_out(*crew, plan);
}

Report Pool::run(const SliceRequest& request, std::span<const std::byte> captures, const Options& options) {
    check(options,
          request.function ? reinterpret_cast<const void*>(request.function.code()) : request.filter.operations());
    Plan plan = make_plan(request, backend(), options);
    check_scratch_fits(plan, static_cast<int>(std::min<std::int64_t>(worker_count(), plan.task_count)));
    return state_->carry_out(plan, captures);
}

Report Pool::run(const CallRef& calls, std::int64_t count, CallSink& sink, std::span<const std::byte> captures,
                 const Options& options) {
    check(options, calls.operations());
    Plan plan = make_call_plan(calls, count, sink, worker_count(), options);
    return state_->carry_out(plan, captures);
}

}  // namespace slicepool
