// A host that runs short of what the system gives: processes, descriptors, shared memory, time; and a host that forks.
// Each limit is set in a forked copy of this process and ends with it.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <slicepool/io/output.hpp>

#include "crash/misdeed_run.hpp"
#include "support/messages.hpp"
#include "support/temporary_directory.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

const Shape kShape{24, 5, 40};
const std::string kSkipped = "skipped: ";

const auto kDouble = [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; };

/// Runs `body` in a forked copy of this process and returns the text it returns: a complaint, or "".
template <class Body>
std::string complaint_of_a_throw_away_host(Body&& body) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
    const pid_t pid = fork();
    if (pid == 0) {
        std::string complaint;
        try {
            static_cast<void>(
                constant_volume<float>({1, 1, 1}, 0));  // memory for volumes comes with the first, and stays
            complaint = body();
        } catch (const std::exception& error) {
            complaint = std::string("threw ") + error.what();
        }
        _exit(write(ends[1], complaint.c_str(), complaint.size() + 1) > 0 ? 0 : 1);
    }
    close(ends[1]);
    std::string text(4096, '\0');
    const ssize_t bytes = read(ends[0], text.data(), text.size());  // until it writes, or everybody who could is gone
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    if (bytes <= 0) return "ended by signal " + std::to_string(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return text.c_str();
}

/// Prints why a case was skipped, or fails with what went wrong.
void check_no_complaint(const std::string& complaint) {
    if (complaint.find(kSkipped) == 0) {
        WARN(complaint);
        return;
    }
    CHECK(complaint == "");
}

std::string differences(const Volume<float>& input, const Volume<float>& output) {
    for (std::int64_t index = 0; index < input.shape().depth; ++index)
        if (!(output.slice(0, index) == 2 * input.slice(0, index)).all())
            return "slice " + std::to_string(index) + " is wrong; ";
    return {};
}

/// What the system says no to when a run is asked for, or what is wrong with the pixels. "" when all is right.
template <class Function>
std::string refusal_of_a_run(Function&& function, int jobs, Report* report = nullptr) {
    const auto input = numbered_volume<float>(kShape);
    const auto output = constant_volume<float>(kShape, 0);
    try {
        const Report found = process_slices(input, output, function, {.n_jobs = jobs});
        if (report != nullptr) *report = found;
        return found.ok() ? differences(input, output) : "not every slice is done: " + found.gave_up;
    } catch (const SystemError& error) {
        return error.what();
    }
}

/// Makes this process one of a user who has no other, with room for `count` processes and threads beside it.
bool may_start_only(rlim_t count) {
    const uid_t nobody_else = 100'000 + static_cast<uid_t>(getpid());  // not even another repetition of this test
    if (setresuid(nobody_else, nobody_else, nobody_else) != 0) return false;
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // as of a process that has always been this user's
    const rlimit limit{1 + count, 1000};
    return setrlimit(RLIMIT_NPROC, &limit) == 0;
}

const std::string kNeedsRoot = kSkipped + "only root can become a user who has no other process";

void allow_descriptors(std::size_t count) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = count;
    setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (int fd = 0; fd < 4096; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

/// Numbers of all workers that the run has seen.
std::set<std::int64_t> pids_of(const Report& report) {
    std::set<std::int64_t> pids;
    for (const WorkerLife& life : report.workers) pids.insert(life.pid);
    return pids;
}

/// What a program that the host starts finds open.
std::string descriptors_of_a_program() {
    std::string text;
    std::FILE* const program =
        popen("ls -l /proc/self/fd | sed 's/^.* \\([0-9]* -> \\)/\\1/; s/[0-9]\\{3,\\}//g'", "r");
    if (program == nullptr) return "no program";
    for (int letter = std::fgetc(program); letter != EOF; letter = std::fgetc(program))
        text += static_cast<char>(letter);
    pclose(program);
    return text;
}

std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("with room for some of the processes a run goes on with fewer workers, and replaces the dead",
          "[crash][host][limits]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with few processes");
    // The thread that forks the template, and the template, count as well.
    const int workers = GENERATE(1, 2);
    const SharedCounters tries(1);
    check_no_complaint(complaint_of_a_throw_away_host([&]() -> std::string {
        if (!may_start_only(static_cast<rlim_t>(2 + workers))) return kNeedsRoot;
        const auto crash_once = [&](SliceView<const float> in, SliceView<float> out) {
            out.setConstant(99.0F);
            if (current_slice() == 4 && tries[0]++ == 0) std::abort();
            std::this_thread::sleep_for(1ms);
            out = 2 * in;
        };
        Report report;
        std::string complaint = refusal_of_a_run(crash_once, 4, &report);
        if (report.deaths() != 1) complaint += std::to_string(report.deaths()) + " deaths; ";
        if (pids_of(report).size() != static_cast<std::size_t>(workers) + 1)
            complaint += std::to_string(pids_of(report).size()) + " lives; ";
        return complaint;
    }));
}

TEST_CASE("without room for one worker process a run is refused, naming what could not be started, and leaves nothing",
          "[crash][host][limits]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run without processes");
    const int room = GENERATE(0, 1, 2);
    const SharedCounters calls(1);
    check_no_complaint(complaint_of_a_throw_away_host([&]() -> std::string {
        if (!may_start_only(static_cast<rlim_t>(room))) return kNeedsRoot;
        const std::size_t descriptors = open_descriptors();
        const auto count = [&](SliceView<const float> in, SliceView<float> out) {
            ++calls[0];
            out = 2 * in;
        };
        const std::string refusal = refusal_of_a_run(count, 2);
        const std::string_view what = room == 0   ? "thread that forks the template process"
                                      : room == 1 ? "template process"
                                                  : "worker process";
        std::string complaint = missing_in(refusal, {what, "Resource temporarily unavailable"});
        if (calls[0] != 0) complaint += "a slice was run; ";
        if (!Leftovers::children().empty()) complaint += "a process is left; ";
        if (open_descriptors() != descriptors) complaint += "a descriptor is left; ";
        const rlimit enough{1000, 1000};
        setrlimit(RLIMIT_NPROC, &enough);
        return complaint + refusal_of_a_run(count, 2);
    }));
}

TEST_CASE("a dead worker that cannot be replaced costs its place, not its slice; without any worker the run ends",
          "[crash][host][limits]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run without replacements");
    const int jobs = GENERATE(1, 2);
    const SharedCounters tries(1);
    check_no_complaint(complaint_of_a_throw_away_host([&]() -> std::string {
        if (!may_start_only(900)) return kNeedsRoot;
        const auto forbid_more = [&](SliceView<const float> in, SliceView<float> out) {
            out.setConstant(99.0F);
            if (current_slice() == 4 && tries[0]++ == 0) {
                const rlimit none{1, 1000};
                prlimit(getsid(0), RLIMIT_NPROC, &none,
                        nullptr);  // of the template, the leader of its workers' session
                std::abort();
            }
            std::this_thread::sleep_for(2ms);
            out = 2 * in;
        };
        const auto input = numbered_volume<float>(kShape);
        const auto output = constant_volume<float>(kShape, 0);
        const Report report = process_slices(input, output, forbid_more, {.n_jobs = jobs});
        if (report.deaths() != 1) return std::to_string(report.deaths()) + " deaths";
        if (jobs == 2) return report.ok() ? differences(input, output) : "not ok: " + report.gave_up;
        if (report.count(SliceStatus::done) != 4) return "not ended at once";
        if (!output.slice(0, 4).isNaN().all() || !output.slice(0, 23).isNaN().all()) return "not filled";
        return missing_in(report.gave_up, {"fork 'worker process'", "Resource temporarily unavailable"});
    }));
}

TEST_CASE("workers that cannot even begin end the run with the reason", "[crash][host][limits]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run whose workers cannot begin");
    const ScratchDirectory directory;
    check_no_complaint(complaint_of_a_throw_away_host([&]() -> std::string {
        Pool pool({.n_jobs = 2});
        const auto input = numbered_volume<float>(kShape);
        const io::OutputFile file =
            io::OutputFile::create((directory.path() / "doubled.npy").native(), DType::f32, kShape);
        const Volume<float> output(file.volume());
        // Younger than the workers, who open it by the host's descriptor, which the host has closed by mistake.
        for (int fd = 3; fd < 1024; ++fd) {
            std::error_code none;
            const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), none);
            if (path.native().find("doubled.npy") != std::string::npos) close(fd);
        }
        const Report report =
            pool.process_slices(input, output, kDouble, {.restart_intensity = RestartIntensity{3, 60s}});
        if (report.count(SliceStatus::not_run) != kShape.depth) return "slices were charged";
        for (const WorkerLife& life : report.workers)
            if (life.death_seconds >= 0 && life.cause.exit_code == 0) return "cause " + describe(life.cause);
        if (!output.slice(0, 0).isNaN().all()) return "not filled";
        return missing_in(report.gave_up, {"workers died within 60 s without completing a slice"});
    }));
}

TEST_CASE("whatever the number of descriptors that are left, a run is done, or refused before its first slice",
          "[crash][host][limits]") {
    if (SLICEPOOL_ADDRESS_SANITIZER) {
        WARN(
            "skipped: the undefined-behaviour sanitizer looks at objects through pipes, and finds no descriptors for "
            "them");
        return;
    }
    const LeavesNothing promise;
    const Watchdog watchdog("the runs with few descriptors");
    const SharedCounters calls(1);
    check_no_complaint(complaint_of_a_throw_away_host([&]() -> std::string {
        rlimit before{};
        getrlimit(RLIMIT_NOFILE, &before);
        const auto count = [&](SliceView<const float> in, SliceView<float> out) {
            ++calls[0];
            out = 2 * in;
        };
        const std::size_t used = open_descriptors();
        int refused = 0;
        int done = 0;
        for (std::size_t more = 0; more < 40; ++more) {
            calls[0] = 0;
            allow_descriptors(used + more);
            const std::string refusal = refusal_of_a_run(count, 2);
            allow_descriptors(before.rlim_cur);
            const std::string where = " with " + std::to_string(more) + " descriptors left";
            (refusal.empty() ? done : refused) += 1;
            if (!refusal.empty()) {
                if (done > 0) return "refused again" + where + ": " + refusal;
                if (refusal.find("Too many open files") == std::string::npos) return refusal + where;
                if (calls[0] != 0) return "refused after a slice" + where;
            }
            if (!Leftovers::children().empty()) return "a process is left" + where;
            if (open_descriptors() != used) return "a descriptor is left" + where;
        }
        return refused > 0 && done > 0 ? "" : "the limit made no difference";
    }));
}

TEST_CASE("a pool that was made before descriptors ran out goes on, and replaces its dead once there are some again",
          "[crash][host][limits][pool]") {
    if (SLICEPOOL_ADDRESS_SANITIZER) {
        WARN(
            "skipped: the undefined-behaviour sanitizer looks at objects through pipes, and finds no descriptors for "
            "them");
        return;
    }
    const LeavesNothing promise;
    const Watchdog watchdog("the pool with few descriptors");
    check_no_complaint(complaint_of_a_throw_away_host([]() -> std::string {
        rlimit before{};
        getrlimit(RLIMIT_NOFILE, &before);
        Pool pool({.n_jobs = 2});
        const auto input = numbered_volume<float>(kShape);
        const auto output = constant_volume<float>(kShape, 0);
        allow_descriptors(open_descriptors());
        const Report in_need = pool.process_slices(input, output,
                                                   [](SliceView<const float> in, SliceView<float> out) {
                                                       out.setConstant(99.0F);
                                                       if (current_slice() == 4) std::abort();
                                                       std::this_thread::sleep_for(2ms);
                                                       out = 2 * in;
                                                   },
                                                   {.max_attempts = 1});
        allow_descriptors(before.rlim_cur);
        if (in_need.count(SliceStatus::done) != kShape.depth - 1) return "in need: " + in_need.gave_up;
        if (pids_of(in_need).size() != 2) return "the dead worker was replaced in need";
        if (!output.slice(0, 4).isNaN().all()) return "not filled";
        const Report later = pool.process_slices(input, output, kDouble);
        if (pids_of(later).size() != 2) return "later: " + std::to_string(pids_of(later).size()) + " workers";
        return later.ok() ? differences(input, output) : "later: " + later.gave_up;
    }));
}

TEST_CASE("volumes and runs neither need room in /dev/shm nor put anything there", "[crash][host][limits]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run without /dev/shm");
    check_no_complaint(complaint_of_a_throw_away_host([]() -> std::string {
        const bool is_root = geteuid() == 0;
        if (unshare(CLONE_NEWNS | (is_root ? 0 : CLONE_NEWUSER)) != 0 ||
            mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("tiny", "/dev/shm", "tmpfs", 0, "size=64k") != 0)
            return kSkipped + "no right to mount a small /dev/shm";
        struct statvfs room {};
        if (statvfs("/dev/shm", &room) != 0 || room.f_blocks * room.f_frsize > 65536) return "/dev/shm is not small";
        const Shape shape{16, 256, 256};  // 4 MiB
        const auto input = numbered_volume<float>(shape);
        const auto output = Volume<float>::create(shape);
        const Report report = process_slices(input, output,
                                             [](SliceView<const float> in, SliceView<float> out) {
                                                 if (!std::filesystem::is_empty("/dev/shm")) std::exit(9);
                                                 out = 2 * in;
                                             },
                                             {.n_jobs = 2, .max_attempts = 1});
        if (!report.ok()) return describe(report.failures().at(0).causes.at(0));
        return differences(input, output);
    }));
}

TEST_CASE("a limit on file sizes that leaves no room for the run's records refuses the run, and the host lives",
          "[crash][host][limits]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a limit on file sizes");
    check_no_complaint(complaint_of_a_throw_away_host([]() -> std::string {
        const rlimit limit{4096, RLIM_INFINITY};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return "setrlimit";
        const std::string refusal = refusal_of_a_run(kDouble, 2);
        if (const std::string missing = missing_in(refusal, {"slicepool-control", "ulimit -f"}); !missing.empty())
            return missing;
        const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
        setrlimit(RLIMIT_FSIZE, &none);
        return refusal_of_a_run(kDouble, 2);
    }));
}

TEST_CASE("deadlines strike nobody who was on time while the host was stopped or starved", "[crash][host][deadline]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run of a stopped host");
    const bool with_a_hang = GENERATE(false, true);
    const SharedCounters begun(2);   // slices begun, tries of the one that hangs
    const SharedCounters number(1);  // of the host
    std::atomic<bool> waits = false;
    std::jthread stopper([&](const std::stop_token& stop) {
        waits = true;
        while ((number[0] == 0 || begun[0] < 8) && !stop.stop_requested()) std::this_thread::sleep_for(1ms);
        if (number[0] <= 1 || stop.stop_requested()) return;
        kill(static_cast<pid_t>(number[0]), SIGSTOP);
        std::this_thread::sleep_for(900ms);
        kill(static_cast<pid_t>(number[0]), SIGCONT);
    });
    // A thread in the middle of starting may hold the allocator, which the host's fork would then find taken for ever.
    while (!waits) std::this_thread::sleep_for(1ms);
    check_no_complaint(complaint_of_a_throw_away_host([&]() -> std::string {
        number[0] = getpid();
        if (setpriority(PRIO_PROCESS, 0, 19) != 0) return "setpriority";
        const Shape shape{80, 5, 40};
        const auto input = numbered_volume<float>(shape);
        const auto output = constant_volume<float>(shape, 0);
        const Report report = process_slices(input, output,
                                             [&](SliceView<const float> in, SliceView<float> out) {
                                                 ++begun[0];
                                                 const bool hangs = with_a_hang && current_slice() == 9;
                                                 if (hangs && begun[1]++ == 0) std::this_thread::sleep_for(1h);
                                                 std::this_thread::sleep_for(10ms);
                                                 out = 2 * in;
                                             },
                                             {.n_jobs = 2, .slice_timeout = 0.6s});
        if (!report.ok()) return "not ok: " + report.gave_up;
        if (report.wall_seconds < 0.9) return "the host was not stopped";
        const std::int64_t late = with_a_hang ? 1 : 0;
        if (report.retries() != late) return std::to_string(report.retries()) + " slices were tried again";
        if (with_a_hang && report.slices[9].attempts != 2) return "the wrong slice was tried again";
        if (report.deaths() != late) return std::to_string(report.deaths()) + " deaths";
        return differences(input, output);
    }));
}

TEST_CASE("a program that the host starts inherits nothing of the pool's, idle or in a run", "[crash][host][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the pool of a host that starts programs");
    const std::string before = descriptors_of_a_program();
    REQUIRE(lines_in(before) > 3);
    REQUIRE(before.find("->") != std::string::npos);
    Pool pool({.n_jobs = 2});
    CHECK(descriptors_of_a_program() == before);

    const auto input = numbered_volume<float>({40, 5, 40});
    const auto output = constant_volume<float>({40, 5, 40}, 0);
    std::string meanwhile;
    const Report report = pool.process_slices(input, output,
                                              [](SliceView<const float> in, SliceView<float> out) {
                                                  std::this_thread::sleep_for(5ms);
                                                  out = 2 * in;
                                              },
                                              {.progress =
                                                   [&](const Progress& progress) {
                                                       if (meanwhile.empty() && progress.done < progress.total)
                                                           meanwhile = descriptors_of_a_program();
                                                   },
                                               .progress_interval = 5ms});
    CHECK(report.ok());
    CHECK(report.deaths() == 0);
    CHECK(meanwhile == before);
    CHECK(differences(input, output) == "");
}

TEST_CASE("a fork of the host that ends, with or without its copy of the pool, does not disturb the pool",
          "[crash][host][pool]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the pool of a host that forks");
    const bool destroys_its_copy = GENERATE(false, true);
    auto pool = std::make_unique<Pool>(PoolOptions{.n_jobs = 2});
    const auto fork_and_end = [&] {
        const pid_t child = fork();
        if (child == 0) {
            if (destroys_its_copy) pool.reset();
            _exit(0);
        }
        waitpid(child, nullptr, 0);
    };
    const auto input = numbered_volume<float>(kShape);
    std::set<std::int64_t> pids;
    for (int round = 0; round < 3; ++round) {
        const auto output = constant_volume<float>(kShape, 0);
        int forks = 0;
        const Report report = pool->process_slices(input, output,
                                                   [](SliceView<const float> in, SliceView<float> out) {
                                                       std::this_thread::sleep_for(1ms);
                                                       out = 2 * in;
                                                   },
                                                   {.progress =
                                                        [&](const Progress& progress) {
                                                            if (forks++ > 2 || progress.done == progress.total) return;
                                                            const pid_t child = fork();
                                                            if (child == 0) _exit(0);
                                                            waitpid(child, nullptr, 0);
                                                        },
                                                    .progress_interval = 2ms});
        CHECK(report.ok());
        CHECK(report.deaths() == 0);
        CHECK(forks > 0);
        CHECK(differences(input, output) == "");
        if (round == 0) pids = pids_of(report);
        CHECK(pids_of(report) == pids);
        fork_and_end();
    }
}
