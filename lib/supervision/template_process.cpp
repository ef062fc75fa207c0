#include "supervision/template_process.hpp"

#include <slicepool/core/error.hpp>
#include "os/channel.hpp"
#include "os/signals.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <span>
#include <utility>

namespace slicepool {
namespace {

using namespace std::chrono_literals;

struct Request {
    Owner owner;
};
struct Reply {
    std::int64_t pid_or_error = 0;
};

constexpr auto kReplyLimit = 2s;  // forking takes milliseconds even from a large process; meanwhile nobody is watched
constexpr auto kStarvedReplyLimit = 30s;  // it is not stopped: it waits for its turn
constexpr auto kForever = 24h;

template <class Message>
std::span<std::byte> bytes_of(Message& message) noexcept {
    return std::as_writable_bytes(std::span(&message, 1));
}

/// The template's life: fork a worker per request until the host closes the channel.
void serve(int channel, std::int64_t host_pid, const WorkerMain& worker_main) {
    while (true) {
        Request request;
        os::FileDescriptor life_line;
        switch (os::receive_message(channel, bytes_of(request), life_line, kForever)) {
            case os::Received::timed_out: continue;
            case os::Received::closed: return;
            case os::Received::message: break;
        }
        os::Sibling worker = os::fork_sibling();
        if (worker.pid_or_error == 0) {
            os::die_with_parent(host_pid);
            os::skip_exit_handlers();
            os::FileDescriptor(channel).reset();  // only the template speaks to the host on it
            worker_main(request.owner);
            return;
        }
        Reply reply{worker.pid_or_error};
        if (!os::send_message(channel, bytes_of(reply), worker.pidfd.get())) return;
    }
}

[[noreturn]] void template_main(os::FileDescriptor host_end, int channel, std::int64_t host_pid,
                                const WorkerMain& worker_main) noexcept {
    os::become_background_process();
    host_end.reset();  // else the template would never see the host's end close
    serve(channel, host_pid, worker_main);
    os::leave(0);
}

}  // namespace

TemplateProcess::TemplateProcess(WorkerMain worker_main) {
    auto [host_end, template_end] = os::make_channel();
    std::exception_ptr failure;
    std::binary_semaphore forked{0};
    const std::int64_t host_pid = os::process_id();
    {
        const os::SignalsBlocked no_signal_for_the_forker;  // the host's handlers run in the host's threads
        const auto forker = [&, host = &host_end, channel = template_end.get()] {
            try {
                template_ = os::fork_child();
                if (!template_) template_main(std::move(*host), channel, host_pid, worker_main);
            } catch (...) {
                failure = std::current_exception();
            }
            forked.release();
            done_.acquire();
        };
        try {
            forker_ = std::thread(forker);
        } catch (const std::system_error& error) {
            throw SystemError("start", "thread that forks the template process", error.code());
        }
    }
    forked.acquire();
    channel_ = std::move(host_end);
    if (failure) {
        done_.release();
        forker_.join();
        std::rethrow_exception(failure);
    }
}

TemplateProcess::~TemplateProcess() {
    if (os::process_id() !=
        maker_pid_) {  // in a fork of the host the thread does not exist and the children are not ours
        forker_.detach();
        return;
    }
    channel_.reset();
    // It holds nothing that would want an orderly end. Its process group has its workers, and theirs, in it.
    os::kill_and_reap_group(template_);
    done_.release();
    forker_.join();
}

os::Child TemplateProcess::spawn(Owner owner, int life_line) {
    Request request{owner};
    Reply reply;
    os::FileDescriptor pidfd;
    os::Received received = os::send_message(channel_.get(), bytes_of(request), life_line)
                                ? os::receive_message(channel_.get(), bytes_of(reply), pidfd, kReplyLimit)
                                : os::Received::closed;
    if (received == os::Received::timed_out && !template_.is_stopped())
        received = os::receive_message(channel_.get(), bytes_of(reply), pidfd, kStarvedReplyLimit);
    if (received != os::Received::message) {
        template_.kill();  // somebody may have stopped it: it shall not go on later and fork what nobody waits for
        throw SystemError("fork", "worker process", {EPIPE, std::system_category()}, "the template process is gone");
    }
    if (reply.pid_or_error <= 0)
        throw SystemError("fork", "worker process", {static_cast<int>(-reply.pid_or_error), std::system_category()});
    return {reply.pid_or_error, std::move(pidfd)};
}

}  // namespace slicepool
