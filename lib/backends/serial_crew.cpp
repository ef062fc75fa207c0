#include "backends/serial_crew.hpp"

#include "backends/call_session.hpp"
#include "backends/peak_memory.hpp"
#include "backends/run_session.hpp"

#include <slicepool/core/core_share.hpp>
#include "os/child.hpp"
#include "os/inner_threads.hpp"
#include "worker/work.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>

namespace slicepool {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kLongestWait = 50ms;

/// The calling thread with a share of the cores, as a worker has one.
class HeldCaller {
public:
    explicit HeldCaller(int share) : scope_(share), host_(share, 1, libraries_), thread_(share, libraries_) {}

private:
    os::InnerThreadLibraries libraries_ = os::InnerThreadLibraries::now();
    CoreShareScope scope_;
    os::HostInnerLimit host_;
    os::ThreadInnerLimit thread_;
};

}  // namespace

Report SerialCrew::run(const Job& job) {
    const auto session = make_session(control_, job);
    const SinkRings rings(job.sink, bell_);
    session->open();
    const Options& options = *job.options;
    auto next_progress = session->start() + options.progress_interval;
    bool interrupted = false;
    std::exception_ptr callback_failure;
    const double cpu_before = os::thread_cpu_seconds();
    const auto keep_going = [&] {
        interrupted = options.stop_token.stop_requested();
        if (!interrupted && options.progress && std::chrono::steady_clock::now() >= next_progress) {
            next_progress += options.progress_interval;
            try {
                options.progress(session->progress());
            } catch (...) {
                callback_failure = std::current_exception();
            }
        }
        return !interrupted && !callback_failure;
    };
    const std::stop_callback at_once(options.stop_token, [&] {
        control_.header().stop.store(1);
        bell_.ring();
    });
    const WorkOrder& order = control_.header().order;
    WorkPlace place = session->place({0, 1});
    const auto outbox = session->direct_outbox();
    place.outbox = outbox.get();
    {
        const std::optional<HeldCaller> held =
            core_share_ ? std::optional<HeldCaller>(std::in_place, *core_share_) : std::nullopt;
        const std::unique_ptr<Bench> bench = make_bench(order, place);
        const std::array bell{bell_.fd()};
        while (true) {
            work(*bench, place, keep_going);
            if (!keep_going() || place.stop->load() != 0 ||
                place.ledger.first_unsettled(0) == place.ledger.task_count())
                break;
            // Whoever takes the results has to allow more of them first.
            static_cast<void>(os::wait_readable(bell, kLongestWait));
            bell_.clear();
            session->book().hear();
        }
    }
    session->close();
    if (callback_failure) std::rethrow_exception(callback_failure);

    const WorkerMailbox& mailbox = control_.mailboxes()[0];
    WorkerLife life;
    life.incarnation = 1;
    life.slices_done = mailbox.slices_done.load();
    life.busy_seconds = 1e-9 * static_cast<double>(mailbox.busy_ns.load());
    life.cpu_seconds = os::thread_cpu_seconds() - cpu_before;
    Report report = session->report(Backend::serial, {life});
    report.interrupted = interrupted;
    if (options.measure_memory) report.peak_memory_bytes = proportional_set_of({});
    return report;
}

}  // namespace slicepool
