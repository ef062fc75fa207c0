// A dead worker's process number is given to a stranger before the run has noticed the death: the stranger lives on.
// The system deals out numbers in their order; which is next can be set in a process namespace of one's own, by root.

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

constexpr int kNoRight = 77;
constexpr int kNumberNotTaken = 78;

/// Runs `host` as the first process of a new process namespace; the code that it ends with, or minus its signal.
template <class Host>
int in_a_namespace_of_processes(Host&& host) {
    const pid_t founder = fork();
    if (founder == 0) {
        if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) _exit(kNoRight);
        const pid_t first = fork();
        if (first == 0) {
            const bool own = mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                             mount("proc", "/proc", "proc", 0, nullptr) == 0;
            _exit(own ? host() : kNoRight);
        }
        int status = 0;
        if (first < 0 || waitpid(first, &status, 0) != first) _exit(99);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    int status = 0;
    waitpid(founder, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Starts a process that only waits, with this number, as the leader of a group of this number; false when the number
/// is not free or went to somebody else.
bool start_a_stranger(pid_t number) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        if (!(std::ofstream("/proc/sys/kernel/ns_last_pid") << number - 1 << std::flush)) return false;
        const pid_t stranger = fork();
        if (stranger == 0) {
            while (true) pause();
        }
        if (stranger == number) return setpgid(stranger, stranger) == 0;
        kill(stranger, SIGKILL);  // another process was started in between
        waitpid(stranger, nullptr, 0);
    }
    return false;
}

}  // namespace

TEST_CASE("a stranger that got a dead worker's number before the death was noticed lives on", "[crash][host]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run in which a number is used again");
    const bool reaps_everything = GENERATE(true, false);  // or ignores SIGCHLD: either way the number is free at once
    const bool is_overdue = GENERATE(false, true);
    CAPTURE(reaps_everything, is_overdue);
    const SharedCounters number(1);
    const int code = in_a_namespace_of_processes([&] {
        if (!reaps_everything) std::signal(SIGCHLD, SIG_IGN);
        pid_t stranger = 0;
        bool not_taken = false;
        const auto input = numbered_volume<float>({12, 5, 40});
        const auto output = constant_volume<float>({12, 5, 40}, 0);
        Options options{.n_jobs = 2};
        if (is_overdue) options.slice_timeout = 0.2s;
        options.progress_interval = 1ms;
        // It is called by the thread that looks after the workers: what happens in it happens behind that thread's back.
        options.progress = [&](const Progress&) {
            const auto worker = static_cast<pid_t>(number[0]);
            if (worker == 0 || stranger != 0 || not_taken) return;
            if (is_overdue) std::this_thread::sleep_for(300ms);
            kill(worker, SIGKILL);
            while (waitpid(worker, nullptr, __WALL) < 0 && errno == EINTR) {
            }
            while (kill(worker, 0) == 0) std::this_thread::sleep_for(1ms);
            if (start_a_stranger(worker))
                stranger = worker;
            else
                not_taken = true;
        };
        const Report report = process_slices(
            input, output,
            [&](SliceView<const float> in, SliceView<float> out) {
                out.setConstant(99.0F);
                if (current_slice() == 4 && number[0] == 0) {
                    number[0] = getpid();
                    while (true) std::this_thread::sleep_for(1h);
                }
                out = 2 * in;
            },
            options);
        if (not_taken || stranger == 0) return kNumberNotTaken;
        std::this_thread::sleep_for(50ms);  // what was sent has arrived
        const char state = process_facts(std::to_string(stranger)).state;
        if (state == '-' || state == 'Z' || state == 'X') return 1;
        if (!report.ok() || report.deaths() != 1 || report.slices[4].attempts != 2) return 2;
        for (std::int64_t index = 0; index < 12; ++index)
            if (!(output.slice(0, index) == 2 * input.slice(0, index)).all()) return 3;
        return 0;
    });
    if (code == kNoRight) {
        WARN("skipped: a process namespace of one's own takes rights that this test has not");
        return;
    }
    if (code == kNumberNotTaken) {
        WARN("skipped: the system did not give the number that it was asked for");
        return;
    }
    CHECK(code == 0);
}
