#include "supervision/supervisor.hpp"

#include "supervision/watch.hpp"

#include <slicepool/core/error.hpp>
#include "os/channel.hpp"

#include <cerrno>
#include <new>
#include <utility>

namespace slicepool {

using namespace std::chrono_literals;

Supervisor::Supervisor(std::span<WorkerMailbox> mailboxes, const os::Event& bell,
                       std::function<WorkerMain()> make_worker_main)
    : mailboxes_(mailboxes),
      bell_(bell),
      make_worker_main_(std::move(make_worker_main)),
      stderr_tails_(mailboxes.size()),
      workers_(mailboxes.size()) {
    const std::size_t bytes = os::whole_pages(mailboxes.size() * sizeof(os::CrashTrace));
    const os::FileDescriptor file = os::sealed_memory_file(kTraceMemory, bytes);
    trace_memory_ = os::Mapping::of_file(file.get(), 0, bytes, os::Access::read_write, "crash traces");
    auto* const traces = reinterpret_cast<os::CrashTrace*>(trace_memory_.data());
    for (std::size_t slot = 0; slot < mailboxes.size(); ++slot) ::new (traces + slot) os::CrashTrace;
    traces_ = {traces, mailboxes.size()};
    templates_.push_back(make_template());
}

/// What every worker process does before its main: it makes itself known when it dies.
std::unique_ptr<TemplateProcess> Supervisor::make_template() const {
    return std::make_unique<TemplateProcess>([this, worker_main = make_worker_main_()](Owner owner) {
        os::prefer_as_memory_victim();
        stderr_tails_[owner.slot].become_standard_error();
        os::record_crashes_in(traces_[owner.slot]);
        worker_main(owner);
    });
}

Supervisor::~Supervisor() {
    if (os::process_id() == maker_pid_) kill_crew();  // a fork of the host has no say over the workers
}

void Supervisor::kill_crew() noexcept {
    for (const WorkerProcess& worker : workers_)
        if (worker.alive()) {
            worker.child.kill();
            worker.child.kill_group();
        }
    for (WorkerProcess& worker : workers_)
        if (worker.alive()) static_cast<void>(worker.child.reap_within(worker.stuck ? 0s : os::kLongestEnd));
}

void Supervisor::spawn(std::size_t slot) {
    // The seat is empty: nobody else writes here until the new worker does.
    WorkerMailbox& mailbox = mailboxes_[slot];
    mailbox.reset_for_newborn();
    traces_[slot].clear();
    stderr_tails_[slot].pass_on();
    stderr_tails_[slot].forget();
    const auto try_spawn = [&] {
        const Owner owner{static_cast<std::uint16_t>(slot), next_incarnation_++};
        auto [here, there] = os::make_channel();
        workers_[slot] = {
            .owner = owner,
            .child = templates_.back()->spawn(owner, there.get()),
            .birth = Clock::now(),
            .place_in_line = workers_[slot].place_in_line + (workers_[slot].owner.incarnation != 0 ? 1 : 0),
            .life_line = std::move(here)};
    };
    try {
        try_spawn();
    } catch (const SystemError& error) {
        if (error.code().value() != EPIPE) throw;
        // Somebody killed the template. Its workers live as long as its object does; a worker it had just forked without
        // telling us is never admitted.
        templates_.push_back(make_template());
        try_spawn();
    }
    mailbox.admitted.store(workers_[slot].owner.incarnation);
    os::wake_all(mailbox.admitted);
}

void Supervisor::fill_crew() {
    bool any = false;
    for (std::size_t slot = 0; slot < workers_.size(); ++slot) {
        if (workers_[slot].alive() && workers_[slot].child.has_ended()) {  // it may have died idle
            workers_[slot].child.kill_group();
            static_cast<void>(workers_[slot].child.try_reap());
        }
        if (!workers_[slot].alive()) {
            try {
                spawn(slot);
            } catch (const SystemError&) {
                if (!any && slot + 1 == workers_.size()) throw;
                continue;  // fewer workers do the same work
            }
        }
        any = true;
    }
}

std::vector<std::int64_t> Supervisor::pids() const {
    std::vector<std::int64_t> pids;
    for (const WorkerProcess& worker : workers_)
        if (worker.alive()) pids.push_back(worker.child.pid());
    return pids;
}

WatchFacts Supervisor::watch(const WatchedRun& run) { return Watch(*this, run).until_the_end(); }

}  // namespace slicepool
