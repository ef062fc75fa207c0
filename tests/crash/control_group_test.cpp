// What the kernel does to a worker: it holds one that was killed, and takes one when memory runs out. Both need control
// groups and the right to make some, the first a freezer of the first version (that of the second lets the killed die);
// where they are missing the tests say so and check nothing.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// Where groups of the second version might be made: below the root, and beside this process's own.
std::vector<fs::path> places_of_the_second_version() {
    std::vector<fs::path> places;
    std::string own = "/";
    std::ifstream memberships("/proc/self/cgroup");
    for (std::string line; std::getline(memberships, line);)
        if (line.find("0::/") == 0) own = line.substr(3);
    for (const char* const mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        if (!fs::exists(fs::path(mount) / "cgroup.controllers")) continue;
        places.emplace_back(mount);
        if (own != "/") places.push_back(fs::path(mount + own).parent_path());
    }
    return places;
}

/// A new control group with this controller, removed at the end.
class ControlGroup {
public:
    /// Of the first version where that has the controller. Of the second when the group then has `file`: a new group
    /// has the controllers that its parent gives to all of its children.
    explicit ControlGroup(const std::string& controller, const std::string& file_of_the_second_version = "") {
        const std::string name = "slicepool-test-" + std::to_string(getpid());
        const fs::path first = fs::path("/sys/fs/cgroup") / controller;
        std::error_code error;
        if (fs::exists(first / "cgroup.procs")) usable_ = fs::create_directory(directory_ = first / name, error);
        if (usable_ || file_of_the_second_version.empty()) return;
        version2_ = true;
        for (const fs::path& place : places_of_the_second_version()) {
            std::ofstream(place / "cgroup.subtree_control") << "+" << controller << std::flush;  // may be refused
            if (!fs::create_directory(directory_ = place / name, error)) continue;
            usable_ = fs::exists(directory_ / file_of_the_second_version);
            if (usable_) return;
            rmdir(directory_.c_str());
        }
    }
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;
    ~ControlGroup() {
        // The dead leave their group a little after they can be reaped.
        for (int i = 0; usable_ && rmdir(directory_.c_str()) != 0 && i < 1000; ++i) std::this_thread::sleep_for(1ms);
    }

    [[nodiscard]] explicit operator bool() const noexcept { return usable_; }
    [[nodiscard]] bool is_of_the_second_version() const noexcept { return version2_; }
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
    bool version2_ = false;
};

constexpr const char* kGroupBytes = "134217728";

/// A limit on the memory of a group, swap included; false when it cannot be set.
bool limit_memory(const ControlGroup& group) {
    if (group.is_of_the_second_version()) {
        static_cast<void>(group.write("memory.swap.max", "0"));  // there may be no swap to speak of
        return group.write("memory.max", kGroupBytes);
    }
    if (!group.write("memory.limit_in_bytes", kGroupBytes)) return false;
    static_cast<void>(group.write("memory.memsw.limit_in_bytes", kGroupBytes));
    return true;
}

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
    if (SLICEPOOL_ADDRESS_SANITIZER) {
        WARN("skipped: under the address sanitizer a process has more memory than the group may have");
        return;
    }
    const ControlGroup memory("memory", "memory.max");
    if (!memory || !limit_memory(memory)) {
        WARN("skipped: no memory control group of either version can be made here");
        return;
    }
    const LeavesNothing promise;
    const Watchdog watchdog("the run in a group with little memory");
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
}
