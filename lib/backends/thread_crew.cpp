#include "backends/thread_crew.hpp"

#include "backends/attend_runs.hpp"
#include "backends/call_session.hpp"
#include "backends/peak_memory.hpp"
#include "backends/run_session.hpp"

#include <slicepool/core/core_share.hpp>
#include <slicepool/core/error.hpp>
#include "os/signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <stop_token>
#include <system_error>

namespace slicepool {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kLongestWait = 50ms;
constexpr std::uint32_t kIncarnation = 1;  // threads are never replaced

}  // namespace

ThreadCrew::ThreadCrew(const CrewPlan& plan)
    : control_(plan.worker_count, plan.most_slices),
      core_share_(plan.core_share.value_or(1)),
      places_(plan.places),
      birth_(std::chrono::steady_clock::now()) {
    const os::SignalsBlocked signals_stay_with_the_host;
    workers_.reserve(static_cast<std::size_t>(plan.worker_count));
    for (WorkerMailbox& mailbox : control_.mailboxes()) mailbox.admitted.store(kIncarnation);
    try {
        for (int slot = 0; slot < plan.worker_count; ++slot)
            workers_.emplace_back([this, slot] { be_worker(static_cast<std::uint16_t>(slot)); });
    } catch (const std::system_error& error) {
        dismiss();
        throw SystemError("start", fmt::format("thread {} of {}", workers_.size() + 1, plan.worker_count),
                          error.code());
    }
}

void ThreadCrew::be_worker(std::uint16_t slot) {
    places_.settle(slot);
    const CoreShareScope share(core_share_);
    std::optional<os::ThreadInnerLimit> limit;
    attend_runs(control_, {slot, kIncarnation}, bell_,
                {.enter = [&](WorkOrder&) { limit.emplace(core_share_, libraries_); },
                 .leave = [&] { limit.reset(); },
                 .first_task = [&](std::int64_t tasks) { return places_.first_task(slot, tasks); }});
}

ThreadCrew::~ThreadCrew() {
    if (os::process_id() == maker_pid_)
        dismiss();
    else
        for (std::thread& worker : workers_) worker.detach();  // in a fork of the host they do not exist
}

void ThreadCrew::dismiss() noexcept {
    ControlHeader& header = control_.header();
    header.closing.store(1);
    header.run += 2;  // still even, no run is on; but nobody goes on waiting for the old value
    os::wake_all(header.run);
    for (std::thread& worker : workers_) worker.join();
}

Report ThreadCrew::run(const Job& job) {
    const auto session = make_session(control_, job);
    const SinkRings rings(job.sink, bell_);
    libraries_ = os::InnerThreadLibraries::now();
    const os::HostInnerLimit held(core_share_, worker_count(), libraries_);
    const Options& options = *job.options;
    bool interrupted = false;
    std::exception_ptr callback_failure;
    auto next_progress = session->start() + options.progress_interval;
    const auto stop = [&] {
        control_.header().stop.store(1);
        ++control_.header().offered;
        os::wake_all(control_.header().offered);
    };
    const auto heed_the_caller = [&] {
        if (!options.stop_token.stop_requested() || interrupted) return;
        interrupted = true;
        stop();
    };
    const std::stop_callback at_once(options.stop_token, [&] { bell_.ring(); });
    heed_the_caller();
    session->open();
    const std::array bell{bell_.fd()};
    while (!std::ranges::all_of(control_.mailboxes(), [&](const WorkerMailbox& mailbox) {
        return mailbox.finished_run.load(std::memory_order_acquire) == session->number();
    })) {
        static_cast<void>(os::wait_readable(
            bell, options.progress ? std::min<std::chrono::nanoseconds>(kLongestWait, options.progress_interval)
                                   : kLongestWait));
        bell_.clear();
        session->book().hear();
        heed_the_caller();
        if (!options.progress || callback_failure || std::chrono::steady_clock::now() < next_progress) continue;
        next_progress += options.progress_interval;
        try {
            options.progress(session->progress());
        } catch (...) {
            callback_failure = std::current_exception();
            stop();
        }
    }
    session->book().hear();
    session->close();
    libraries_ = {};  // the host may want to unload them
    if (callback_failure) std::rethrow_exception(callback_failure);

    std::vector<WorkerLife> lives;
    for (std::size_t slot = 0; slot < workers_.size(); ++slot) {
        const WorkerMailbox& mailbox = control_.mailboxes()[slot];
        WorkerLife life;
        life.slot = static_cast<int>(slot);
        life.incarnation = kIncarnation;
        life.birth_seconds = std::chrono::duration<double>(birth_ - session->start()).count();
        life.slices_done = mailbox.slices_done.load();
        life.busy_seconds = 1e-9 * static_cast<double>(mailbox.busy_ns.load());
        life.cpu_seconds = 1e-9 * static_cast<double>(mailbox.cpu_ns.load());
        lives.push_back(life);
    }
    Report report = session->report(Backend::threads, std::move(lives));
    report.interrupted = interrupted;
    if (options.measure_memory) report.peak_memory_bytes = proportional_set_of({});
    return report;
}

}  // namespace slicepool
