#include "os/child.hpp"

#include <slicepool/core/error.hpp>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace slicepool::os {
namespace {

FileDescriptor open_pidfd(pid_t pid) noexcept {
    return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // close-on-exec by definition
}

/// Gives the house-keeping of any stream buffer a name.
struct StreamBuffer : std::streambuf {
    static void forget_pending(std::streambuf& buffer) {
        const auto pending = (buffer.*&StreamBuffer::pptr)() - (buffer.*&StreamBuffer::pbase)();
        (buffer.*&StreamBuffer::pbump)(-static_cast<int>(pending));
    }
};

}  // namespace

bool ExitStatus::was_killed() const noexcept { return known && signal == SIGKILL; }

void Child::kill() const noexcept {
    if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

bool Child::has_ended() const noexcept {
    if (!pidfd_) return true;
    pollfd polled{pidfd_.get(), POLLIN, 0};
    return ::poll(&polled, 1, 0) > 0 && polled.revents != 0;
}

void Child::kill_group() const noexcept {
    // Its number stays its own until it is reaped, unless the host reaps every child that ends: then it may be a
    // stranger's by now.
    siginfo_t info{};
    if (pidfd_ && pid_ > 1 &&
        ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd_.get()), &info,
                 WEXITED | WNOHANG | WNOWAIT | __WALL) == 0)
        ::kill(-static_cast<pid_t>(pid_), SIGKILL);
}

double Child::cpu_seconds() const noexcept {
    clockid_t clock{};
    timespec time{};
    if (!pidfd_ || ::clock_getcpuclockid(static_cast<pid_t>(pid_), &clock) != 0 || ::clock_gettime(clock, &time) != 0)
        return 0.0;
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

bool Child::has_mapped(std::string_view memory_name) const {
    std::ifstream maps("/proc/" + std::to_string(pid_) + "/maps");
    if (!maps || has_ended()) return true;
    for (std::string line; std::getline(maps, line);)
        if (line.find(memory_name) != std::string::npos) return true;
    return !maps.eof();
}

bool Child::is_stopped() const {
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string text;
    if (!std::getline(stat, text) || has_ended()) return false;
    const std::size_t name_end = text.rfind(") ");  // "17 (name) S ...", and the name is the program's to choose
    if (name_end == std::string::npos || name_end + 2 >= text.size()) return false;
    return text[name_end + 2] == 'T' || text[name_end + 2] == 't';
}

std::optional<ExitStatus> Child::try_reap() noexcept {
    if (!pidfd_) return ExitStatus{.known = false};
    if (!has_ended()) return std::nullopt;
    siginfo_t info{};
    int result = 0;
    do
        result = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd_.get()), &info,
                          WEXITED | WNOHANG | __WALL);
    while (result != 0 && errno == EINTR);
    ExitStatus status;
    if (result != 0 || info.si_pid == 0)
        status.known = false;  // ended, but somebody else in the host took the status
    else if (info.si_code == CLD_EXITED)
        status.code = info.si_status;
    else
        status.signal = info.si_status;
    pidfd_.reset();
    return status;
}

std::optional<ExitStatus> Child::reap_within(std::chrono::milliseconds limit) noexcept {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
        if (auto status = try_reap()) return status;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return std::nullopt;
        pollfd polled{pidfd_.get(), POLLIN, 0};
        ::poll(&polled, 1, static_cast<int>(left.count()));
    }
}

void kill_and_reap_group(Child& leader) noexcept {
    const auto group = static_cast<pid_t>(leader.pid());
    siginfo_t info{};
    // Alive or not yet reaped, the leader's number still is the group's. Where the host reaps every child that ends, the
    // number may be a stranger's by now.
    const bool is_ours = leader && ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(leader.pidfd()), &info,
                                            WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
    if (!is_ours || group <= 1) return;
    ::kill(-group, SIGKILL);
    leader.kill();  // it may not have become the leader yet
    const auto deadline = std::chrono::steady_clock::now() + kLongestEnd;
    while (std::chrono::steady_clock::now() < deadline) {
        info = {};
        const int result = ::waitid(P_PGID, static_cast<id_t>(group), &info, WEXITED | WNOHANG | __WALL);
        if (result != 0 && errno != EINTR) break;
        if (info.si_pid == 0) ::usleep(200);
    }
    static_cast<void>(leader.reap_within(kLongestEnd));
}

void kill_children() noexcept try {
    namespace fs = std::filesystem;
    constexpr int kRounds = 5;  // whoever is starting processes at the same time goes first, or is outrun
    for (int round = 0; round < kRounds; ++round) {
        bool anybody = false;
        for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
            const auto pid = static_cast<pid_t>(std::atoi(entry.path().filename().c_str()));
            if (pid <= 1) continue;
            std::ifstream stat(entry.path() / "stat");
            std::string line;
            std::getline(stat, line);
            const std::size_t name_end = line.rfind(") ");
            char state = 0;
            int parent = 0;
            int group = 0;
            if (name_end == std::string::npos ||
                std::sscanf(line.c_str() + name_end + 2, "%c %d %d", &state, &parent, &group) != 3)
                continue;
            if (parent != ::getpid()) continue;
            ::kill(group == pid ? -pid : pid, SIGKILL);
            anybody = anybody || state != 'Z';
        }
        if (!anybody) return;
    }
} catch (const std::exception&) {  // no memory, or no /proc: they end with their parent
}

Child fork_child() {
    const std::int64_t parent = ::getpid();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError("create", "pipe to a new process", last_system_error());
    FileDescriptor here(ends[0]);
    FileDescriptor there(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) throw SystemError("fork", "template process", last_system_error());
    if (pid == 0) {
        die_with_parent(parent);
        there.reset();
        // Not before the parent holds our pidfd: a child that ended earlier could be reaped by the host, and its number
        // given to somebody else. A byte says so, for the end of the pipe may be open in a child of another thread too.
        char ignored = 0;
        while (::read(here.get(), &ignored, 1) < 0 && errno == EINTR) {
        }
        return {};
    }
    FileDescriptor pidfd = open_pidfd(pid);
    if (!pidfd) {
        const std::error_code error = last_system_error();
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        throw SystemError("open pidfd of", "template process", error, "Linux 5.10 or newer is needed");
    }
    const char go = 0;
    [[maybe_unused]] const auto ignored = ::write(there.get(), &go, 1);  // one byte always fits; `here` is still open
    return {pid, std::move(pidfd)};
}

Sibling fork_sibling() noexcept {
    // glibc keeps its own copy of the thread's number; a raw clone must have the kernel renew it, at the address glibc
    // registered with set_tid_address. Where the kernel does not tell that address, the stale copy does no harm to code
    // that uses no robust or error-checking mutex.
    int* thread_id_copy = nullptr;
    if (::prctl(PR_GET_TID_ADDRESS, &thread_id_copy, 0, 0, 0) != 0) thread_id_copy = nullptr;
    unsigned long flags = CLONE_PARENT | CLONE_PIDFD | SIGCHLD;
    if (thread_id_copy != nullptr) flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    int pidfd = -1;
#if defined(__x86_64__)
    const long pid = ::syscall(SYS_clone, flags, nullptr, &pidfd, thread_id_copy, 0);
#else
    const long pid = ::syscall(SYS_clone, flags, nullptr, &pidfd, 0, thread_id_copy);
#endif
    if (pid < 0) return {-errno, {}};
    if (pid == 0) return {0, {}};
    return {pid, FileDescriptor(pidfd)};
}

void become_background_process() noexcept {
    ::setsid();
    for (int signal = 1; signal < NSIG; ++signal) {
        struct sigaction action {};
        if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL)
            continue;
        action = {};
        action.sa_handler = SIG_DFL;
        ::sigaction(signal, &action, nullptr);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::__fpurge(stdout);
    // It has a buffer of its own after sync_with_stdio(false), and none when the host has silenced it.
    if (std::cout.rdbuf() != nullptr) StreamBuffer::forget_pending(*std::cout.rdbuf());
}

void die_with_parent(std::int64_t parent_pid) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent_pid) ::_exit(1);  // it died before we asked
}

void lead_own_group() noexcept { ::setpgid(0, 0); }

void prefer_as_memory_victim() noexcept {
    // Raising one's own score takes no privilege; lowering it would, so a host that already is a likelier victim stays.
    constexpr int kScore = 500;
    const FileDescriptor file(::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC));
    std::array<char, 16> text{};
    if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0 || std::atoi(text.data()) >= kScore) return;
    const std::string wanted = std::to_string(kScore);
    [[maybe_unused]] const auto ignored = ::pwrite(file.get(), wanted.data(), wanted.size(), 0);
}

void skip_exit_handlers() noexcept {
    // Handlers run last in, first out: ours comes before any the host registered.
    ::on_exit([](int code, void*) { leave(code); }, nullptr);
    // glibc hands the code to these handlers too, as a second argument that at_quick_exit() has no type for.
    void (*const leave_quickly)(void*, int) = [](void*, int code) { ::_exit(code); };
    ::at_quick_exit(reinterpret_cast<void (*)()>(leave_quickly));
}

void leave(int code) noexcept {
    flush_output();
    ::_exit(code);
}

void flush_output() noexcept {
    std::cout.flush();
    std::fflush(stdout);
}

std::int64_t process_id() noexcept { return ::getpid(); }
std::int64_t parent_process_id() noexcept { return ::getppid(); }

double thread_cpu_seconds() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace slicepool::os
