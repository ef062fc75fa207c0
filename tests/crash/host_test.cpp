// The host program: it may ignore SIGCHLD, print, be killed; the workers cope.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "support/every_backend.hpp"
#include "support/leaves_nothing.hpp"
#include "support/shared_counters.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

/// Runs `body` in a forked copy of this process and returns its wait status.
template <class Body>
int in_a_throw_away_host(Body&& body) {
    const pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

}  // namespace

TEST_CASE("a host that ignores SIGCHLD loses no slice when a worker crashes", "[crash][host]") {
    const Watchdog watchdog("the host that ignores SIGCHLD");
    const int status = in_a_throw_away_host([] {
        std::signal(SIGCHLD, SIG_IGN);
        const SharedCounters tries(1);
        const auto input = numbered_volume<float>({12, 5, 6});
        const auto output = constant_volume<float>({12, 5, 6}, 0);
        const Report report = process_slices(input, output,
                                             [&](SliceView<const float> in, SliceView<float> out) {
                                                 if (tries[0]++ == 5) std::abort();
                                                 out = in;
                                             },
                                             {.n_jobs = 2});
        _exit(report.ok() && report.retries() == 1 && differing_pixels(input, output) == 0 ? 0 : 1);
    });
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("when the host is killed, its workers are gone too, busy or idle", "[crash][host]") {
    const Watchdog watchdog("the host that is killed");
    const bool busy = GENERATE(true, false);
    const SharedCounters pids(4);
    const pid_t host = fork();
    if (host == 0) {
        Pool pool({.n_jobs = 2});
        const auto input = numbered_volume<float>({2, 3, 4});
        const auto output = constant_volume<float>({2, 3, 4}, 0);
        const SharedCounters* const shared = &pids;
        const auto tell_and_stay = [shared, busy](SliceView<const float>, SliceView<float>) {
            (*shared)[static_cast<std::size_t>(1 + (*shared)[0]++)] = getpid();
            std::this_thread::sleep_for(busy ? 1h : 200ms);
        };
        pool.process_slices(input, output, tell_and_stay);
        std::this_thread::sleep_for(1h);
        _exit(0);
    }
    while (pids[2] == 0) std::this_thread::sleep_for(1ms);
    if (!busy) std::this_thread::sleep_for(500ms);
    kill(host, SIGKILL);
    waitpid(host, nullptr, 0);
    // The kernel kills them with their parent; how soon they are buried depends on whoever inherits them.
    const auto is_running = [](std::int64_t pid) {
        std::FILE* const file = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "r");
        if (file == nullptr) return false;
        char state = 'Z';
        const bool known = std::fscanf(file, "%*d %*[^)]) %c", &state) == 1;
        std::fclose(file);
        return known && state != 'Z' && state != 'X';
    };
    while (is_running(pids[1]) || is_running(pids[2]))
        std::this_thread::sleep_for(1ms);  // the test's time limit watches
    SUCCEED();
}

TEST_CASE("what the host had not yet printed is printed once, and what a worker prints arrives", "[crash][host]") {
    const Watchdog watchdog("the host that prints");
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    in_a_throw_away_host([&] {
        dup2(ends[1], STDOUT_FILENO);
        std::printf("host;");  // stays in the buffer: the pipe is no terminal
        const auto input = numbered_volume<float>({3, 2, 2});
        const auto output = constant_volume<float>({3, 2, 2}, 0);
        process_slices(input, output, [](SliceView<const float>, SliceView<float>) { std::printf("worker;"); },
                       {.n_jobs = 2});
        std::fflush(stdout);
    });
    close(ends[1]);
    std::string text(1000, '\0');
    const ssize_t bytes = read(ends[0], text.data(), text.size());
    close(ends[0]);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    const auto count = [&](const std::string& word) {
        std::size_t times = 0;
        for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++times;
        return times;
    };
    CHECK(count("host;") == 1);
    CHECK(count("worker;") == 3);
}

TEST_CASE("nothing is left over after runs, pools and failed requests", "[crash][host]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the runs that leave nothing");
    const auto input = numbered_volume<float>({6, 3, 4});
    const auto output = constant_volume<float>({6, 3, 4}, 0);
    const auto copy = [](SliceView<const float> in, SliceView<float> out) { out = in; };
    for (int round = 0; round < 5; ++round) {
        process_slices(input, output, copy, {.n_jobs = 3}).raise();
        CHECK_THROWS(process_slices(input, output, copy, {.axis = 3}));
        Pool pool({.n_jobs = 2});
        pool.process_slices(input, output, copy).raise();
    }
    CHECK(differing_pixels(input, output) == 0);
}
