// Storms of signals at workers and host: whatever is killed, stopped or interrupted, the output is right.
// The first storm lasts SLICEPOOL_STORM_SECONDS, 1.5 unless that is set.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <slicepool/io/input.hpp>
#include <slicepool/io/output.hpp>

#include "crash/misdeed_run.hpp"
#include "support/temporary_directory.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

double storm_seconds() {
    const char* const text = std::getenv("SLICEPOOL_STORM_SECONDS");
    const double seconds = text != nullptr ? std::strtod(text, nullptr) : 0;
    return seconds > 0 ? seconds : 1.5;
}

/// Template and workers, as quickly as the system tells.
std::vector<long> children_now() {
    std::vector<long> children;
    bool known = false;
    std::error_code gone;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", gone)) {
        std::ifstream file(thread.path() / "children");
        known = known || file.is_open();
        for (long pid = 0; file >> pid;) children.push_back(pid);
    }
    return known ? children : Leftovers::children();
}

/// Signals a process only if it is a child of this one: its descriptor was opened before that was checked, so that the
/// number may meanwhile have become a stranger's without harm.
bool signal_child(long pid, int signal) {
    if (pid <= 1 || pid == getpid()) return false;
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
    if (pidfd < 0) return false;
    const bool sent = process_facts(std::to_string(pid)).parent == getpid() &&
                      syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0;
    close(pidfd);
    return sent;
}

/// Kills, stops and lets go on workers at random, about once a millisecond, and now and then kills a template.
class SignalStorm {
public:
    explicit SignalStorm(unsigned seed) : random_(seed), thread_([this](const std::stop_token& stop) { rage(stop); }) {}
    ~SignalStorm() {
        thread_.request_stop();
        thread_.join();
        for (const long pid : children_now()) signal_child(pid, SIGCONT);
    }
    SignalStorm(const SignalStorm&) = delete;
    SignalStorm& operator=(const SignalStorm&) = delete;

    std::atomic<std::int64_t> kills = 0;
    std::atomic<std::int64_t> stops = 0;
    std::atomic<std::int64_t> template_kills = 0;

private:
    void rage(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::microseconds(random_() % 1600));
            const std::vector<long> children = children_now();
            if (!children.empty()) strike(children[random_() % children.size()]);
        }
    }

    void strike(long pid) {
        const unsigned chance = random_() % 256;
        // The template leads the session of its workers, once it has made one. Stopped, it would hold up the host.
        const pid_t session = getsid(static_cast<pid_t>(pid));
        if (session == pid || session == getsid(0)) {
            if (chance == 0 && signal_child(pid, SIGKILL)) ++template_kills;
        } else if (chance < 32) {
            if (signal_child(pid, SIGKILL)) ++kills;
        } else if (chance < 80) {
            if (signal_child(pid, SIGSTOP)) ++stops;
        } else if (chance < 104) {
            signal_child(pid, SIGCONT);
        }
    }

    std::mt19937 random_;
    std::jthread thread_;
};

/// Interrupts this process, threads or not, a thousand times a second by a handler that restarts nothing.
class Interruptions {
public:
    Interruptions() {
        struct sigaction action {};
        action.sa_handler = [](int) { ++count_; };
        sigaction(SIGUSR2, &action, &before_);
        sigevent event{};
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = SIGUSR2;
        if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) throw std::runtime_error("timer_create");
        const itimerspec every_millisecond{{0, 1'000'000}, {0, 1'000'000}};
        timer_settime(timer_, 0, &every_millisecond, nullptr);
    }
    ~Interruptions() {
        timer_delete(timer_);
        sigaction(SIGUSR2, &before_, nullptr);
    }
    Interruptions(const Interruptions&) = delete;
    Interruptions& operator=(const Interruptions&) = delete;

    static std::int64_t count() { return count_; }

private:
    static inline std::atomic<std::int64_t> count_ = 0;
    struct sigaction before_ {};
    timer_t timer_{};
};

/// Has the calling process interrupted until it ends, in its slices and between them.
void interrupt_this_process_from_now_on() {
    static pid_t interrupted = 0;  // a child does not inherit the timer
    static std::unique_ptr<Interruptions> interruptions;
    if (interrupted == getpid()) return;
    interrupted = getpid();
    static_cast<void>(interruptions.release());  // of a process that this one was forked from
    interruptions = std::make_unique<Interruptions>();
}

std::int64_t wrong_pixels(const Volume<float>& input, const Volume<float>& output) {
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < input.shape().count(); ++i) wrong += output.data()[i] == 2 * input.data()[i] ? 0 : 1;
    return wrong;
}

}  // namespace

TEST_CASE("a storm of kills and stops at workers and templates costs no slice and leaves nothing", "[crash][storm]") {
    const LeavesNothing promise;
    const double seconds = storm_seconds();
    const Watchdog watchdog("the storm", 60 + static_cast<unsigned>(10 * seconds));
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    const Shape shape{200, 8, 64};
    const auto input = numbered_volume<float>(shape);
    const Options options{
        .max_attempts = 10'000, .slice_timeout = 0.03s, .restart_intensity = RestartIntensity{1'000'000, 60s}};
    const auto slow_double = [](SliceView<const float> in, SliceView<float> out) {
        out.setConstant(99.0F);
        std::this_thread::sleep_for(300us);
        out = 2 * in;
    };
    std::int64_t runs = 0;
    std::int64_t deaths = 0;
    std::int64_t timeouts = 0;
    const auto check = [&](const Report& report, const Volume<float>& output) {
        INFO("run " << runs << ", gave up: " << report.gave_up);
        CHECK(report.ok());
        CHECK(wrong_pixels(input, output) == 0);
        ++runs;
        deaths += report.deaths();
        for (const SliceOutcome& slice : report.slices)
            timeouts += std::count_if(slice.causes.begin(), slice.causes.end(),
                                      [](const Cause& cause) { return cause.kind == SliceStatus::timed_out; });
    };

    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    {
        SignalStorm storm(seed);
        while (std::chrono::steady_clock::now() < end) {
            const auto output = constant_volume<float>(shape, 0);
            Options alone = options;
            alone.n_jobs = 3;
            check(process_slices(input, output, slow_double, alone), output);
            Pool pool({.n_jobs = 3});
            for (int round = 0; round < 3 && std::chrono::steady_clock::now() < end; ++round) {
                const auto again = constant_volume<float>(shape, 0);
                check(pool.process_slices(input, again, slow_double, options), again);
            }
        }
        WARN("seed " << seed << ": " << runs << " runs, " << storm.kills << " kills, " << storm.stops << " stops, "
                     << storm.template_kills << " templates killed; " << deaths << " deaths, " << timeouts
                     << " timeouts seen");
        CHECK(storm.kills > 0);
        CHECK(storm.stops > 0);
    }
    CHECK(deaths > 0);
}

TEST_CASE("signals without SA_RESTART a thousand times a second, at host and workers, change nothing",
          "[crash][storm]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the interrupted runs");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Shape shape{40, 5, 40};
    const std::int64_t before = Interruptions::count();
    std::int64_t deaths = 0;
    {
        const Interruptions interruptions;
        Pool pool({.n_jobs = 2, .backend = backend});
        for (int round = 0; round < 6; ++round) {
            INFO("round " << round);
            const auto input = numbered_volume<float>(shape);
            const auto alone = constant_volume<float>(shape, 0);
            const auto pooled = constant_volume<float>(shape, 0);
            const SharedCounters tries(1);
            const bool processes = backend == Backend::processes;
            const auto interrupted = [processes](SliceView<const float> in, SliceView<float> out) {
                if (processes) interrupt_this_process_from_now_on();
                out.setConstant(99.0F);
                std::this_thread::sleep_for(500us);
                out = 2 * in;
            };
            const Report report = process_slices(input, alone,
                                                 [&](SliceView<const float> in, SliceView<float> out) {
                                                     interrupted(in, out);
                                                     if (processes && current_slice() == 7 && tries[0]++ == 0)
                                                         std::abort();
                                                 },
                                                 {.n_jobs = 2, .backend = backend});
            CHECK(report.ok());
            CHECK(wrong_pixels(input, alone) == 0);
            deaths += report.deaths();
            CHECK(pool.process_slices(input, pooled, interrupted).ok());
            CHECK(wrong_pixels(input, pooled) == 0);
        }
    }
    CHECK(deaths == (backend == Backend::processes ? 6 : 0));
    CHECK(Interruptions::count() - before > 100);
}

TEST_CASE("files are written and read right under a thousand signals a second", "[crash][storm]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the interrupted files");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const ScratchDirectory directory;
    const std::string name = (directory.path() / "doubled.npy").native();
    const Shape shape{40, 64, 64};
    const std::int64_t before = Interruptions::count();
    {
        const Interruptions interruptions;
        for (int round = 0; round < 8; ++round) {
            INFO("round " << round);
            const auto input = numbered_volume<float>(shape);
            {
                io::OutputFile file = io::OutputFile::create(name, DType::f32, shape);
                process_slices(input, Volume<float>(file.volume()),
                               [](SliceView<const float> in, SliceView<float> out) {
                                   std::this_thread::sleep_for(200us);
                                   out = 2 * in;
                               },
                               {.n_jobs = 2, .backend = backend})
                    .raise();
                file.commit();
            }
            CHECK(wrong_pixels(input, Volume<float>(io::open_volume(name))) == 0);
        }
    }
    CHECK(Interruptions::count() - before > 20);
}
