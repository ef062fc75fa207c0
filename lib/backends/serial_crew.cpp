#include "backends/serial_crew.hpp"

#include "backends/peak_memory.hpp"
#include "backends/run_session.hpp"

#include "os/child.hpp"
#include "worker/work.hpp"

#include <chrono>
#include <exception>

namespace slicepool {

Report SerialCrew::run(const Job& job) {
    const RunSession session(control_, job);
    session.open();
    const Options& options = *job.options;
    auto next_progress = session.start() + options.progress_interval;
    bool interrupted = false;
    std::exception_ptr callback_failure;
    const double cpu_before = os::thread_cpu_seconds();
    work(control_.header().order, session.place({0, 1}), [&] {
        interrupted = options.stop_token.stop_requested();
        if (!interrupted && options.progress && std::chrono::steady_clock::now() >= next_progress) {
            next_progress += options.progress_interval;
            try {
                options.progress(session.progress());
            } catch (...) {
                callback_failure = std::current_exception();
            }
        }
        return !interrupted && !callback_failure;
    });
    session.close();
    if (callback_failure) std::rethrow_exception(callback_failure);

    const WorkerMailbox& mailbox = control_.mailboxes()[0];
    WorkerLife life;
    life.incarnation = 1;
    life.slices_done = mailbox.slices_done.load();
    life.busy_seconds = 1e-9 * static_cast<double>(mailbox.busy_ns.load());
    life.cpu_seconds = os::thread_cpu_seconds() - cpu_before;
    Report report = session.report(Backend::serial, {}, {life});
    report.interrupted = interrupted;
    if (options.measure_memory) report.peak_memory_bytes = proportional_set_of({});
    return report;
}

}  // namespace slicepool
