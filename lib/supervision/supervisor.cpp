#include "supervision/supervisor.hpp"

#include "supervision/watch.hpp"

#include <slicepool/core/error.hpp>

#include <cerrno>
#include <utility>

namespace slicepool {

using namespace std::chrono_literals;

Supervisor::Supervisor(std::span<WorkerMailbox> mailboxes, const os::Event& bell,
                       std::function<WorkerMain()> make_worker_main)
    : mailboxes_(mailboxes),
      bell_(bell),
      make_worker_main_(std::move(make_worker_main)),
      workers_(mailboxes.size()),
      policy_(static_cast<int>(mailboxes.size())) {
    templates_.push_back(std::make_unique<TemplateProcess>(make_worker_main_()));
}

Supervisor::~Supervisor() {
    if (os::process_id() == maker_pid_) kill_crew();  // a fork of the host has no say over the workers
}

void Supervisor::kill_crew() noexcept {
    for (const WorkerProcess& worker : workers_)
        if (worker.alive()) worker.child.kill();
    for (WorkerProcess& worker : workers_)
        if (worker.alive()) static_cast<void>(worker.child.reap_within(10s));
}

void Supervisor::spawn(std::size_t slot) {
    // The seat is empty: nobody else writes here until the new worker does.
    WorkerMailbox& mailbox = mailboxes_[slot];
    mailbox.reset();
    mailbox.finished_run.store(0);
    const auto try_spawn = [&] {
        const Owner owner{static_cast<std::uint16_t>(slot), next_incarnation_++};
        workers_[slot] = {owner, templates_.back()->spawn(owner), Clock::now()};
    };
    try {
        try_spawn();
    } catch (const SystemError& error) {
        if (error.code().value() != EPIPE) throw;
        // Somebody killed the template. Its workers live as long as its object does; a worker it had just forked without
        // telling us is never admitted.
        templates_.push_back(std::make_unique<TemplateProcess>(make_worker_main_()));
        try_spawn();
    }
    mailbox.admitted.store(workers_[slot].owner.incarnation);
    os::wake_all(mailbox.admitted);
}

void Supervisor::fill_crew() {
    bool any = false;
    for (std::size_t slot = 0; slot < workers_.size(); ++slot) {
        if (workers_[slot].alive()) static_cast<void>(workers_[slot].child.try_reap());  // it may have died idle
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
