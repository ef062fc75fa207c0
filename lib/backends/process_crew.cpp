#include "backends/process_crew.hpp"

#include "backends/attend_runs.hpp"
#include "backends/call_session.hpp"
#include "backends/peak_memory.hpp"
#include "backends/run_session.hpp"
#include "backends/shared_memory_shield.hpp"
#include "backends/worker_limits.hpp"
#include "backends/worker_memory.hpp"

#include "core/process_core_share.hpp"
#include "memory/arena.hpp"
#include "memory/storage.hpp"
#include "os/child.hpp"
#include "os/inner_threads.hpp"

#include <exception>
#include <memory>
#include <stop_token>
#include <utility>

namespace slicepool {
namespace {

constexpr int kCannotReachPixels = 70;  // EX_SOFTWARE: the worker could not set up its memory

/// Thread pools of the host as its workers inherit them: known, and oneTBB held, before the fork.
struct HeldAtFork {
    explicit HeldAtFork(int share) : limit(share, 1, libraries) {}
    os::InnerThreadLibraries libraries = os::InnerThreadLibraries::now();
    os::HostInnerLimit limit;
};

/// Lives until the template is forked; what it borrows is inherited.
WorkerMain worker_main(const ControlArea& control, const os::Event& bell, int share, const WorkerPlaces& places) {
    return [&control, &bell, share, &places, inheritance = WorkerMemory::Inheritance(),
            held = std::make_shared<const HeldAtFork>(share)](Owner owner) {
        places.settle(owner.slot);
        set_core_share_of_process(share);
        os::hold_process_inner_threads(share, held->libraries);
        WorkerMemory memory(inheritance);
        WorkerLimits limits(control.mailboxes()[owner.slot]);
        SharedMemoryShield shield(control.range());
        const auto enter = [&](WorkOrder& order) {
            os::lead_own_group();  // not before the host knows us: until then we are the template's to kill
            try {
                memory.enter_run(control.header(), order);
                shield.begin_run(memory.guarded(), order.shielded_only_if_cheap);
            } catch (const std::exception&) {
                os::leave(kCannotReachPixels);
            }
        };
        // What user code printed must not wait for a worker's end, which is sudden.
        const auto leave = [&] {
            limits.leave_run();
            os::flush_output();
        };
        attend_runs(control, owner, bell,
                    {.enter = enter,
                     .leave = leave,
                     .may_go_on = [&](const WorkOrder& order) { return limits.may_go_on(order); },
                     .first_task = [&](std::int64_t tasks) { return places.first_task(owner.slot, tasks); },
                     .shield = &shield});
    };
}

}  // namespace

ProcessCrew::ProcessCrew(const CrewPlan& plan)
    : control_(plan.worker_count, plan.most_slices),
      core_share_(plan.core_share.value_or(1)),
      places_(plan.places),
      supervisor_(control_.mailboxes(), bell_, [this] { return worker_main(control_, bell_, core_share_, places_); }) {
    supervisor_.fill_crew();
}

Report ProcessCrew::run(const Job& job) {
    supervisor_.fill_crew();
    const auto session = make_session(control_, job);
    const SinkRings rings(job.sink, bell_);

    // A progress callback that throws ends the run in order; the exception goes on from here.
    Options options = *job.options;
    std::stop_source callback_failed;
    const std::stop_callback pass_on(job.options->stop_token, [&] {
        callback_failed.request_stop();
        bell_.ring();
    });
    options.stop_token = callback_failed.get_token();
    std::exception_ptr failure;
    if (job.options->progress)
        options.progress = [&](const Progress& progress) {
            if (failure) return;
            try {
                job.options->progress(progress);
            } catch (...) {
                failure = std::current_exception();
                callback_failed.request_stop();
            }
        };

    std::size_t peak_memory = 0;
    const WatchedRun watched{.number = session->number(),
                             .ledger = session->ledger(),
                             .book = &session->book(),
                             .window = &control_.header().window,
                             .slices_per_task = job.order.is_of_calls() ? 1 : job.order.grouping.group,
                             .stop = &control_.header().stop,
                             .offered = &control_.header().offered,
                             .options = &options,
                             .start = session->start(),
                             .before_end = [&] {
                                 if (options.measure_memory) peak_memory = proportional_set_of(supervisor_.pids());
                             }};
    if (options.stop_token.stop_requested()) control_.header().stop.store(1);  // nobody shall begin
    session->open();
    WatchFacts facts;
    try {
        facts = supervisor_.watch(watched);
    } catch (...) {
        supervisor_.kill_crew();  // nobody may write any more when the caller gets the output back
        session->close();
        throw;
    }
    session->close();
    if (failure) std::rethrow_exception(failure);

    Report report = session->report(Backend::processes, std::move(facts.lives));
    report.interrupted = facts.interrupted;
    report.gave_up = std::move(facts.gave_up);
    report.peak_memory_bytes = peak_memory;
    return report;
}

}  // namespace slicepool
