// What the kernel does to a worker: it holds one that was killed, and takes one when memory runs out. Both need control
// groups of the first version and the right to make some; where they are missing the tests say so and check nothing.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A new control group below the root of a hierarchy, removed at the end.
class ControlGroup {
public:
    explicit ControlGroup(const std::string& controller)
        : directory_(fs::path("/sys/fs/cgroup") / controller / ("slicepool-test-" + std::to_string(getpid()))) {
        std::error_code error;
        usable_ = fs::exists(directory_.parent_path() / "cgroup.procs") && fs::create_directory(directory_, error);
    }
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;
    ~ControlGroup() {
        // The dead leave their group a little after they can be reaped.
        for (int i = 0; usable_ && rmdir(directory_.c_str()) != 0 && i < 1000; ++i) std::this_thread::sleep_for(1ms);
    }

    [[nodiscard]] explicit operator bool() const noexcept { return usable_; }
    bool write(const std::string& file, const std::string& text) const {
        std::ofstream stream(directory_ / file);
        stream << text << std::flush;
        return static_cast<bool>(stream);
    }
    [[nodiscard]] std::string read(const std::string& file) const {
        std::string text;
        std::ifstream(directory_ / file) >> text;
        return text;
    }

private:
    fs::path directory_;
    bool usable_ = false;
};

}  // namespace

TEST_CASE("a killed worker that the system does not end costs its slice and its seat, not the run",
          "[crash][deadline]") {
    const ControlGroup freezer("freezer");
    if (!freezer) {
        WARN("skipped: no freezer of the first version to make a group in, so no process can be kept from dying");
        return;
    }
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a worker that cannot die", 100);
    const SharedCounters pid(1);
    Pool pool({.n_jobs = 2});
    const auto input = numbered_volume<float>({12, 5, 40});
    std::atomic<std::int64_t>* const frozen = &pid[0];
    const auto stay_in_slice_four = [frozen](SliceView<const float> in, SliceView<float> out) {
        if (current_slice() == 4 && *frozen == 0) {
            *frozen = getpid();
            while (true) std::this_thread::sleep_for(1h);
        }
        out = in;
    };
    const auto run = [&] {
        const auto output = constant_volume<float>({12, 5, 40}, 0);
        const Report report = pool.process_slices(input, output, stay_in_slice_four, {.slice_timeout = 0.5s});
        for (std::int64_t index = 0; index < 12; ++index) {
            if (report.slices[static_cast<std::size_t>(index)].status == SliceStatus::done)
                CHECK((output.slice(0, index) == input.slice(0, index)).all());
            else
                CHECK(output.slice(0, index).isNaN().all());
        }
        return report;
    };

    std::jthread freeze([&] {
        while (*frozen == 0) std::this_thread::sleep_for(1ms);
        freezer.write("cgroup.procs", std::to_string(*frozen));
        freezer.write("freezer.state", "FROZEN");
    });
    const Report first = run();
    freeze.join();
    REQUIRE(freezer.read("freezer.state") == "FROZEN");
    REQUIRE(first.failures().size() == 1);
    CHECK(first.failures()[0].index == 4);
    CHECK(first.failures()[0].status == SliceStatus::timed_out);
    CHECK(first.failures()[0].causes.at(0).text.find("the system still holds it") != std::string::npos);
    CHECK(is_running(static_cast<long>(*frozen)));

    CHECK(run().ok());  // by the worker that is left
    CHECK(is_running(static_cast<long>(*frozen)));

    freezer.write("freezer.state", "THAWED");
    wait_for_end_of(*frozen);
    const Report last = run();
    CHECK(last.ok());
    CHECK(last.workers.size() == 2);  // its seat is taken again
}

TEST_CASE("a worker that the system took for its memory is told from one that somebody killed", "[crash]") {
#if SLICEPOOL_ADDRESS_SANITIZER
    WARN("skipped: under the address sanitizer a process has more memory than the group may have");
#else
    const ControlGroup memory("memory");
    if (!memory || !memory.write("memory.limit_in_bytes", "134217728")) {
        WARN("skipped: no memory control group of the first version can be made here");
        return;
    }
    memory.write("memory.memsw.limit_in_bytes", "134217728");
    const LeavesNothing promise;
    const pid_t host = fork();
    if (host == 0) {
        // A host of its own, for the group's memory is the host's and the workers'.
        if (!memory.write("cgroup.procs", std::to_string(getpid()))) _exit(3);
        const MisdeedRun run;
        const Report report = run(
            [](SliceView<float>) {
                std::vector<std::vector<char>> hoard;
                while (true) hoard.emplace_back(std::size_t{1} << 20, 'x');
            },
            1);
        const bool survived = report.ok() && report.deaths() == 1;
        const bool told =
            survived && describe(MisdeedRun::first_cause(report)) == "crashed(SIGKILL): the system was out of memory";
        _exit(told ? 0 : survived ? 1 : 2);
    }
    int status = 0;
    REQUIRE(waitpid(host, &status, 0) == host);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
#endif
}
