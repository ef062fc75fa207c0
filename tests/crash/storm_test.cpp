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
#include <optional>
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
#include "os/launch.hpp"
#include "support/temporary_directory.hpp"
#ifdef SLICEPOOL_HAS_HDF5
#include "io/hdf5_samples.hpp"
#endif

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

#ifdef SLICEPOOL_PROGRAM
/// The children of another process.
std::vector<long> descendants_now(long parent) {
    std::vector<long> children;
    std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
    for (long pid = 0; file >> pid;) children.push_back(pid);
    return children;
}

/// Signals our child `command`, or a child of it; see signal_child.
void signal_relative(long pid, long command, int signal) {
    if (pid <= 1) return;
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
    if (pidfd < 0) return;
    const long parent = process_facts(std::to_string(pid)).parent;
    if (parent == command || (pid == command && parent == getpid()))
        syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
    close(pidfd);
}
#endif

/// Of 256 signals to workers; the rest are SIGCONT, or none are sent.
struct Weather {
    unsigned kills = 32;
    unsigned stops = 176;
    bool lets_go_on = true;
    std::chrono::microseconds longest_pause = 2ms;  ///< of any length up to it
    /// Every so often in a run pauses become twice as long, so that a starved machine gets on; 0: they stay.
    std::chrono::seconds slackens{0};
};

/// Kills, stops and lets go on workers at random, about a thousand times a second, and now and then kills a template.
class SignalStorm {
public:
    explicit SignalStorm(unsigned seed, const Weather& weather = {})
        : weather_(weather), random_(seed), thread_([this](const std::stop_token& stop) { rage(stop); }) {}
    ~SignalStorm() {
        thread_.request_stop();
        thread_.join();
        for (const long pid : children_now()) signal_child(pid, SIGCONT);
    }
    SignalStorm(const SignalStorm&) = delete;
    SignalStorm& operator=(const SignalStorm&) = delete;

    /// A run begins: the storm is at its height.
    void refresh() { refreshed_ = std::chrono::steady_clock::now().time_since_epoch().count(); }

    /// Signals sent, of any kind, in each second so far.
    [[nodiscard]] double rate() const {
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start_;
        return static_cast<double>(sent_) / time.count();
    }

    std::atomic<std::int64_t> kills = 0;
    std::atomic<std::int64_t> stops = 0;
    std::atomic<std::int64_t> template_kills = 0;

private:
    void rage(const std::stop_token& stop) {
        // Pauses are from one moment planned to the next: what the signals themselves cost does not add up.
        for (auto next = start_; !stop.stop_requested();) {
            next += std::chrono::microseconds(random_() % (2 * mean_pause_us() + 1));
            const auto now = std::chrono::steady_clock::now();
            if (next + 20ms < now) next = now;  // this thread was held up: no burst for that
            std::this_thread::sleep_until(next);
            strike_somebody();
        }
    }

    [[nodiscard]] unsigned mean_pause_us() const {
        auto mean = static_cast<unsigned>(weather_.longest_pause.count() / 2);
        if (weather_.slackens == 0s) return mean;
        const std::chrono::steady_clock::time_point height{std::chrono::steady_clock::duration(refreshed_.load())};
        return mean << std::min<long>((std::chrono::steady_clock::now() - height) / weather_.slackens, 8);
    }

    void strike_somebody() {
        std::vector<long> workers;
        std::vector<long> templates;
        // The template leads the session of its workers, once it has made one. Stopped, it would hold up the host.
        for (const long pid : children_now()) {
            const pid_t session = getsid(static_cast<pid_t>(pid));
            (session == pid || session == getsid(0) ? templates : workers).push_back(pid);
        }
        if (weather_.kills > 0 && !templates.empty() && random_() % 1024 == 0) {
            if (count(signal_child(templates[random_() % templates.size()], SIGKILL))) ++template_kills;
        } else if (!workers.empty()) {
            strike(workers[random_() % workers.size()]);
        }
    }

    void strike(long pid) {
        const unsigned chance = random_() % 256;
        if (chance < weather_.kills) {
            if (count(signal_child(pid, SIGKILL))) ++kills;
        } else if (chance < weather_.kills + weather_.stops) {
            if (count(signal_child(pid, SIGSTOP))) ++stops;
        } else if (weather_.lets_go_on) {
            count(signal_child(pid, SIGCONT));
        }
    }

    bool count(bool sent) {
        sent_ += sent ? 1 : 0;
        return sent;
    }

    const Weather weather_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::atomic<std::int64_t> sent_ = 0;
    std::atomic<std::int64_t> refreshed_ = start_.time_since_epoch().count();
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

/// For the log: the first slices that are missing, and why.
std::string what_is_missing(const Report& report) {
    std::string text = report.gave_up.empty() ? "" : "gave up: " + report.gave_up + "; ";
    const std::vector<SliceOutcome> failures = report.failures();
    for (std::size_t i = 0; i < std::min<std::size_t>(failures.size(), 3); ++i)
        text += "slice " + std::to_string(failures[i].index) + ": " + describe(failures[i].causes.back()) + " after " +
                std::to_string(failures[i].attempts) + "; ";
    return text + std::to_string(report.count(SliceStatus::not_run)) + " not run";
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
        INFO("run " << runs << ", missing: " << what_is_missing(report));
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
        WARN("seed " << seed << ": " << storm.rate() << " signals a second, " << runs << " runs, " << storm.kills
                     << " kills, " << storm.stops << " stops, " << storm.template_kills << " templates killed; "
                     << deaths << " deaths, " << timeouts << " timeouts seen");
        CHECK(storm.kills > 0);
        CHECK(storm.stops > 0);
    }
    CHECK(deaths > 0);
}

TEST_CASE("workers that are stopped anywhere, in their slices or between, and never let go on cost no slice along x",
          "[crash][storm]") {
    const LeavesNothing promise;
    const double seconds = storm_seconds();
    const Watchdog watchdog("the storm of stops", 200 + static_cast<unsigned>(10 * seconds));
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    // Groups of 16 slices: the function is quick, so that most stops are in what a worker does around it. Each costs some
    // seconds; with the address sanitizer a worker needs longer between two of them to get anything done.
    const bool is_slow = SLICEPOOL_ADDRESS_SANITIZER != 0;
    const Shape shape = is_slow ? Shape{32, 32, 96} : Shape{128, 128, 400};
    const auto input = numbered_volume<float>(shape);
    const Options options{.axis = 2,
                          .n_jobs = 3,
                          .max_attempts = 10'000,
                          .slice_timeout = 0.03s,
                          .restart_intensity = RestartIntensity{1'000'000, 60s}};
    std::int64_t runs = 0;
    std::int64_t deaths = 0;
    {
        SignalStorm storm(
            seed,
            {.kills = 0, .stops = 256, .lets_go_on = false, .longest_pause = is_slow ? 200ms : 10ms, .slackens = 10s});
        const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
        while (std::chrono::steady_clock::now() < end || deaths == 0) {
            const auto output = constant_volume<float>(shape, 0);
            storm.refresh();
            const Report report = process_slices(
                input, output, [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; }, options);
            INFO("run " << runs << ", missing: " << what_is_missing(report));
            CHECK(report.ok());
            CHECK(wrong_pixels(input, output) == 0);
            ++runs;
            deaths += report.deaths();
        }
        WARN("seed " << seed << ": " << runs << " runs, " << storm.stops << " stops, " << deaths << " deaths seen");
        CHECK(storm.stops > 0);
    }
}

TEST_CASE("signals without SA_RESTART a thousand times a second, at host and workers, change nothing",
          "[crash][storm]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the interrupted runs");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Shape shape{40, 5, 40};
    const std::int64_t before = Interruptions::count();
    std::int64_t deaths = 0;
    std::int64_t rounds = 0;
    {
        const Interruptions interruptions;
        Pool pool({.n_jobs = 2, .backend = backend});
        for (; rounds < 6 || Interruptions::count() - before <= 100; ++rounds) {
            INFO("round " << rounds);
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
    CHECK(deaths == (backend == Backend::processes ? rounds : 0));
}

TEST_CASE("files are written and read right under a thousand signals a second", "[crash][storm]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the interrupted files");
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const ScratchDirectory directory;
#ifdef SLICEPOOL_HAS_HDF5
    const std::string name = (directory.path() / GENERATE("doubled.npy", "doubled.h5")).native();
#else
    const std::string name = (directory.path() / "doubled.npy").native();
#endif
    CAPTURE(name);
    const Shape shape{40, 64, 64};
    const std::int64_t before = Interruptions::count();
    {
        const Interruptions interruptions;
        for (int round = 0; round < 8 || Interruptions::count() - before <= 20; ++round) {
            INFO("round " << round);
            const auto input = numbered_volume<float>(shape);
            if (name.ends_with(".h5")) std::filesystem::remove(name);  // such a file may hold more, and is not replaced
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
}

#ifdef SLICEPOOL_HAS_HDF5
TEST_CASE("a chunked dataset is read right under a thousand signals a second", "[crash][storm]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the interrupted reading");
    const ScratchDirectory directory;
    const std::string name = (directory.path() / "chunked.h5").native();
    Hdf5Sample(name).dataset("data", {40, 64, 64}, H5T_IEEE_F32LE, [](hid_t creation) {
        const hsize_t chunk[3] = {3, 16, 16};
        H5Pset_chunk(creation, 3, chunk);
        H5Pset_deflate(creation, 1);
    });
    const Volume<float> calm(io::open_volume(name));
    REQUIRE(calm(39, 63, 63) != calm(0, 0, 0));
    const std::int64_t before = Interruptions::count();
    {
        const Interruptions interruptions;
        while (Interruptions::count() - before < 100)
            CHECK(differing_pixels(calm, Volume<float>(io::open_volume(name))) == 0);
    }
}
#endif

#ifdef SLICEPOOL_PROGRAM
TEST_CASE("the command and its workers are interrupted a thousand times a second, and its output is right",
          "[crash][storm]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the interrupted command", 240);
    const ScratchDirectory directory;
    const auto file = [&](const char* name) { return (directory.path() / name).native(); };
    const Shape shape{200, 64, 64};
    {
        io::OutputFile in = io::OutputFile::create(file("in.npy"), DType::f32, shape);
        const Volume<float> pixels(in.volume());
        for (std::int64_t i = 0; i < shape.count(); ++i) pixels.data()[i] = static_cast<float>(i * 7 % 1009);
        in.commit();
    }
    const auto run_to = [&](const std::string& output, bool interrupted) {
        std::vector<std::string> command{SLICEPOOL_PROGRAM, "run", file("in.npy"), output, "--filter", "median size=15",
                                         "--jobs",          "2",   "--progress",   "json"};
#if !SLICEPOOL_ADDRESS_SANITIZER  // which wants to be the first library itself
        const std::vector<std::string> interruptible{"env", std::string("LD_PRELOAD=") + SLICEPOOL_INTERRUPTED_LIBRARY};
        command.insert(command.begin(), interruptible.begin(), interruptible.end());
#endif
        os::RunningProgram program(command);
        std::int64_t sent = 0;
        const auto start = std::chrono::steady_clock::now();
        auto next = start;
        std::vector<long> targets;
        std::optional<os::ProgramResult> result;
        // SIGURG is ignored by those without a handler: by the command until its library is there, and by its workers. They
        // are stopped and let go on, which ends some waits, too.
        while (!(result = program.wait(0ms))) {
            next = std::max(next + 1ms, std::chrono::steady_clock::now() - 20ms);
            std::this_thread::sleep_until(next);
            if (!interrupted) continue;
            const auto leader = static_cast<long>(program.pid());
            if (sent % 50 == 0) targets = descendants_now(leader);
            const long pid = targets.empty() || sent % 2 == 0
                                 ? leader
                                 : targets[static_cast<std::size_t>(sent / 2) % targets.size()];
            signal_relative(leader, leader, SIGURG);
            signal_relative(pid, leader, SIGSTOP);
            signal_relative(pid, leader, SIGCONT);
            ++sent;
        }
        INFO(result->error_output);
        CHECK(result->status.code == 0);
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        return static_cast<double>(sent) / time.count();
    };
    run_to(file("calm.npy"), false);
    const double rate = run_to(file("stormy.npy"), true);
    WARN("interrupted " << rate << " times a second");
    CHECK(rate > 0);
    const Volume<float> calm(io::open_volume(file("calm.npy")));
    const Volume<float> stormy(io::open_volume(file("stormy.npy")));
    CHECK(differing_pixels(calm, stormy) == 0);
}
#endif
