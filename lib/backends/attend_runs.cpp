#include "backends/attend_runs.hpp"

#include "backends/ring_outbox.hpp"

#include "os/child.hpp"
#include "worker/work.hpp"

#include <algorithm>
#include <memory>

namespace slicepool {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookAgain = 1000ms;  // between runs
constexpr auto kAdmission = 30s;
constexpr auto kLookAgainInRun = 50ms;  // no wait relies on a wake-up alone

/// A worker's place in a run.
WorkPlace place_in(const ControlArea& control, const WorkOrder& order, Owner owner, const os::Event& bell) {
    ControlHeader& header = control.header();
    WorkPlace place{.owner = owner,
                    .ledger = control.ledger(order.task_count()),
                    .board = &control.board(),
                    .mailbox = &control.mailboxes()[owner.slot],
                    .stop = &header.stop,
                    .window = &header.window,
                    .alert = [&bell] { bell.ring(); }};
    if (order.is_of_calls())
        place.chunks = control.chunks(order.chunk_count);
    else
        place.records = control.records(order.slices.count);
    return place;
}

/// Works until the run has nothing left that could be offered again: then true. False when the worker retires.
bool take_part(const ControlArea& control, std::uint32_t run, Owner owner, const os::Event& bell,
               const RunHooks& hooks) {
    ControlHeader& header = control.header();
    WorkOrder order = header.order;
    hooks.enter(order);
    WorkPlace place = place_in(control, order, owner, bell);
    RingOutbox outbox(control, owner.slot, run, bell);
    place.outbox = &outbox;
    if (!order.is_of_calls()) place.first_task = hooks.first_task(order.task_count());
    place.shield = order.shielded ? hooks.shield : nullptr;
    const std::unique_ptr<Bench> bench = make_bench(order, place);
    bool retires = false;
    const auto may_go_on = [&] {
        retires = place.mailbox->asked_to_retire.load(std::memory_order_relaxed) != 0 || !hooks.may_go_on(order);
        return !retires;
    };
    const double cpu_before = os::thread_cpu_seconds();
    while (header.run.load(std::memory_order_acquire) == run && header.stop.load() == 0) {
        const std::uint32_t offered = header.offered.load();
        place.mailbox->step();  // who waits in vain does not stand still
        work(*bench, place, may_go_on);
        place.mailbox->cpu_ns.store(static_cast<std::int64_t>(1e9 * (os::thread_cpu_seconds() - cpu_before)));
        if (retires) return false;
        const std::int64_t tasks = place.ledger.task_count();
        const std::int64_t settled = std::clamp<std::int64_t>(header.window.begin.load(), 0, tasks);
        if (place.ledger.first_unsettled(settled) == tasks) {
            ++header.offered;  // the others need not wait for their time limit to see it
            os::wake_all(header.offered);
            break;
        }
        // What others hold may be offered again if they die, and what has to wait now may be offered later.
        if (header.stop.load() == 0) os::wait_while_equal(header.offered, offered, kLookAgainInRun);
    }
    return true;
}

/// False when the host never learnt of this worker: another one may have its seat.
bool is_admitted(const WorkerMailbox& mailbox, Owner owner) {
    const auto deadline = std::chrono::steady_clock::now() + kAdmission;
    while (true) {
        const std::uint32_t admitted = mailbox.admitted.load();
        if (admitted == owner.incarnation) return true;
        if (std::chrono::steady_clock::now() > deadline) return false;
        os::wait_while_equal(mailbox.admitted, admitted, kLookAgainInRun);
    }
}

}  // namespace

void attend_runs(const ControlArea& control, Owner owner, const os::Event& bell, const RunHooks& hooks) noexcept {
    if (!is_admitted(control.mailboxes()[owner.slot], owner)) return;
    ControlHeader& header = control.header();
    std::uint32_t attended = 0;
    while (header.closing.load() == 0) {
        const std::uint32_t run = header.run.load(std::memory_order_acquire);
        if (run % 2 == 0 || run == attended) {
            os::wait_while_equal(header.run, run, kLookAgain);
            continue;
        }
        attended = run;
        const bool stays = take_part(control, run, owner, bell, hooks);
        hooks.leave();
        if (!stays) {
            control.mailboxes()[owner.slot].retired.store(1);
            return;
        }
        control.mailboxes()[owner.slot].finished_run.store(run, std::memory_order_release);
        bell.ring();
    }
}

}  // namespace slicepool
