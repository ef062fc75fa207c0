// template_process.hpp: a single-threaded copy of the host program that does nothing but fork workers.
// Forking from it stays cheap and safe however large or threaded the host has become since. It has no opinion on when.
#pragma once

#include "ledger/task_word.hpp"
#include "os/child.hpp"
#include "os/file_descriptor.hpp"

#include <cstdint>
#include <functional>
#include <semaphore>
#include <thread>

namespace slicepool {

/// What a worker process does; it ends when this returns.
using WorkerMain = std::function<void(Owner)>;

/// Forks the template on construction; the template forks workers as siblings, so that they are children of the host.
/// All of them are killed by the kernel when the host goes, however it goes. Not safe for concurrent calls.
class TemplateProcess {
public:
    /// Throws SystemError when the template cannot be forked.
    explicit TemplateProcess(WorkerMain worker_main);
    /// Ends the template and whatever it forked.
    ~TemplateProcess();
    TemplateProcess(const TemplateProcess&) = delete;
    TemplateProcess& operator=(const TemplateProcess&) = delete;

    /// A new worker. Throws SystemError: EAGAIN or ENOMEM when the system is short of processes or memory, EPIPE when the
    /// template itself is gone. The worker, and nobody else, keeps a copy of `life_line` until it ends, closes it or
    /// executes another program.
    [[nodiscard]] os::Child spawn(Owner owner, int life_line = -1);

    [[nodiscard]] std::int64_t pid() const noexcept { return template_.pid(); }

private:
    std::int64_t maker_pid_ = os::process_id();
    os::FileDescriptor channel_;
    os::Child template_;
    // Children are tied to the thread that forked them; this one lives as long as we do and does nothing else.
    std::binary_semaphore done_{0};
    std::thread forker_;
};

}  // namespace slicepool
