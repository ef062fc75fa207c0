// interrupt_test.cpp: Ctrl-C and its relatives: no output, no partial file, no process left, exit code 130.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "os/file_descriptor.hpp"
#include "report/schema_check.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using nlohmann::json;

namespace {

constexpr auto kWatchdog = std::chrono::minutes(4);

/// A run that takes minutes, and signals sent to it.
class LongRun {
public:
    explicit LongRun(std::vector<std::string> options = {}, const std::string& filter = "median size=31") {
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);  // whatever started the tests
        test::write_rough_volume(directory_.file("in.npy"), {600, 160, 160});
        std::vector<std::string> arguments{"run",
                                           directory_.file("in.npy"),
                                           directory_.file("out.npy"),
                                           "--filter",
                                           filter,
                                           "--jobs",
                                           "2",
                                           "--progress",
                                           "json"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        program_ = std::make_unique<os::RunningProgram>(test::command_line(arguments));
        started_ = test::wait_for_first_slice(*program_);
        children_ = test::children_of(program_->pid());
    }

    void send(int signal) const { REQUIRE(::kill(static_cast<pid_t>(program_->pid()), signal) == 0); }

    [[nodiscard]] os::ProgramResult end() {
        const auto result = program_->wait(kWatchdog);
        REQUIRE(result.has_value());
        return *result;
    }

    [[nodiscard]] bool started() const { return started_; }
    [[nodiscard]] os::RunningProgram& program() { return *program_; }
    [[nodiscard]] const std::vector<std::int64_t>& children() const { return children_; }
    [[nodiscard]] const test::TemporaryDirectory& directory() const { return directory_; }

private:
    test::TemporaryDirectory directory_;
    std::unique_ptr<os::RunningProgram> program_;
    bool started_ = false;
    std::vector<std::int64_t> children_;
};

/// A named pipe that is full and that nobody reads.
class FullPipe {
public:
    explicit FullPipe(std::string name) : name_(std::move(name)) {
        REQUIRE(::mkfifo(name_.c_str(), 0600) == 0);
        end_.reset(::open(name_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        REQUIRE(end_);
        const std::string filling(4096, '.');
        while (::write(end_.get(), filling.data(), filling.size()) > 0) {
        }
    }

    /// The tool with these arguments, its standard error connected to this pipe.
    [[nodiscard]] std::vector<std::string> behind(const std::vector<std::string>& arguments) const {
        std::vector<std::string> command{"sh", "-c", "pipe=$1; shift; exec \"$@\" 2>\"$pipe\"", "sh", name_};
        const std::vector<std::string> tool = test::command_line(arguments);
        command.insert(command.end(), tool.begin(), tool.end());
        return command;
    }

private:
    std::string name_;
    os::FileDescriptor end_;
};

}  // namespace

TEST_CASE("one signal lets the slices under way finish and leaves no output", "[cli][interrupt]") {
    const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
    const std::string backend = GENERATE("processes", "threads", "serial");
    CAPTURE(signal, backend);
    LongRun run({"--backend", backend});
    REQUIRE(run.started());
    if (backend == "processes") REQUIRE(run.children().size() >= 3);
    run.send(signal);
    const os::ProgramResult result = run.end();
    CAPTURE(result.error_output);
    CHECK(result.status.signal == 0);
    CHECK(result.status.code == 130);
    CHECK(result.error_output.find("slicepool: interrupted after ") != std::string::npos);
    CHECK(result.error_output.find(" of 600 slices; ") != std::string::npos);
    CHECK(run.directory().listing() == "in.npy");
    CHECK(test::all_gone(run.children()));
    CHECK(result.error_output.find(backend == "processes"
                                       ? "slicepool: stopping: waiting up to 10 s for 2 slices under way"
                                       : "slicepool: stopping: waiting for ") != std::string::npos);
}

TEST_CASE("an interrupted run still writes its report", "[cli][interrupt][report]") {
    test::TemporaryDirectory reports;
    LongRun run({"--report", reports.file("r.json")});
    REQUIRE(run.started());
    run.send(SIGINT);
    CHECK(run.end().status.code == 130);
    const json report = test::load_json(reports.file("r.json"));
    for (const std::string& breach : test::schema_breaches(report, test::load_json(SLICEPOOL_REPORT_SCHEMA)))
        FAIL_CHECK(breach);
    CHECK(report["interrupted"] == true);
    CHECK(report["output"]["written"] == false);
    CHECK(report["totals"]["done"].get<int>() > 0);
    CHECK(report["totals"]["not_run"].get<int>() > 0);
    CHECK(reports.listing() == "r.json");
}

TEST_CASE("a second signal ends the program at once", "[cli][interrupt]") {
    // Slices of seconds each, so that the first signal has something to wait for.
    test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {4, 1500, 1500});
    os::RunningProgram program(
        test::command_line({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter", "median size=151",
                            "--jobs", "2", "--report", directory.file("r.json")}));
    std::vector<std::int64_t> children;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (children.size() < 3 && std::chrono::steady_clock::now() < deadline) {
        REQUIRE(!program.wait(std::chrono::milliseconds(10)).has_value());
        children = test::children_of(program.pid());
    }
    REQUIRE(children.size() >= 3);
    static_cast<void>(program.wait(std::chrono::milliseconds(200)));
    CHECK(directory.listing() != "in.npy");  // the partial files are there
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGINT) == 0);
    REQUIRE(test::wait_for_text(program, "once more to leave at once"));
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGINT) == 0);
    const auto result = program.wait(kWatchdog);
    REQUIRE(result.has_value());
    CAPTURE(result->error_output);
    CHECK(result->status.code == 130);
    CHECK(result->error_output.find("leaving at once") != std::string::npos);
    CHECK(directory.listing() == "in.npy");
    CHECK(test::all_gone(children));
}

TEST_CASE("a slice that hangs holds up an interrupted run no longer than its grace, and was not run",
          "[cli][interrupt]") {
    const std::string grace = GENERATE("0", "0.5");
    CAPTURE(grace);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
    test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {7, 20, 20});
    os::RunningProgram program(
        test::command_line({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter", "median size=3",
                            "--jobs", "2", "--progress", "json", "--rehearse", "hang slices=3 times=9", "--timeout",
                            "100000", "--grace", grace, "--report", directory.file("r.json")}));
    REQUIRE(test::wait_for_text(program, "\"done\":6"));
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGINT) == 0);
    const auto result = program.wait(kWatchdog);
    REQUIRE(result.has_value());
    CAPTURE(result->error_output);
    CHECK(result->status.code == 130);
    CHECK(result->error_output.find(grace == "0" ? "stopping without waiting for 1 slice under way"
                                                 : "waiting up to 0.5 s for 1 slice under way") != std::string::npos);
    CHECK(result->error_output.find("interrupted after 6 of 7 slices") != std::string::npos);
    CHECK(directory.listing() == "in.npy r.json");
    const json report = test::load_json(directory.file("r.json"));
    for (const std::string& breach : test::schema_breaches(report, test::load_json(SLICEPOOL_REPORT_SCHEMA)))
        FAIL_CHECK(breach);
    CHECK(report["interrupted"] == true);
    CHECK(report["gave_up"] == nullptr);
    CHECK(report["totals"]["done"] == 6);
    CHECK(report["slices"][3]["status"] == "not_run");
    CHECK(report["slices"][3]["causes"] == json::array());
    CHECK(report["workers"].back()["slice"].is_null() != report["workers"].front()["slice"].is_null());
}

TEST_CASE("a time limit is kept although nobody reads what the program prints", "[cli][timeout]") {
    test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {12, 6, 7});
    const FullPipe pipe(directory.file("stderr"));
    os::RunningProgram program(pipe.behind({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter",
                                            "uniform size=3", "--jobs", "2", "--progress", "json", "--rehearse",
                                            "hang slices=5", "--timeout", "0.2", "--max-attempts", "1"}));
    const auto deadline = std::chrono::steady_clock::now() + kWatchdog;
    while (directory.listing() != "in.npy out.npy stderr" && std::chrono::steady_clock::now() < deadline)
        static_cast<void>(program.wait(std::chrono::milliseconds(10)));
    CHECK(directory.listing() == "in.npy out.npy stderr");
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGKILL) == 0);  // its last words wait for a reader
    CHECK(program.wait(kWatchdog).has_value());
}

TEST_CASE("two signals end the program at once although nobody reads what it prints", "[cli][interrupt]") {
    test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {600, 160, 160});
    const FullPipe pipe(directory.file("stderr"));
    os::RunningProgram program(pipe.behind({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter",
                                            "median size=31", "--jobs", "2", "--progress", "json", "--grace", "inf"}));
    std::vector<std::int64_t> children;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (children.size() < 3 && std::chrono::steady_clock::now() < deadline) {
        REQUIRE(!program.wait(std::chrono::milliseconds(10)).has_value());
        children = test::children_of(program.pid());
    }
    REQUIRE(children.size() >= 3);
    static_cast<void>(program.wait(std::chrono::milliseconds(500)));  // by now its progress finds no reader
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGINT) == 0);
    CHECK(!program.wait(std::chrono::milliseconds(300)).has_value());
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGINT) == 0);
    const auto result = program.wait(kWatchdog);
    REQUIRE(result.has_value());
    CHECK(result->status.code == 130);
    CHECK(directory.listing() == "in.npy stderr");
    CHECK(test::all_gone(children));
}

TEST_CASE("a signal that the program was started to ignore is ignored", "[cli][interrupt]") {
    ::signal(SIGHUP, SIG_DFL);
    test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {test::kSecondsOfSlices, 160, 160});
    os::RunningProgram program({"sh", "-c", "trap '' HUP; exec \"$@\"", "sh", SLICEPOOL_PROGRAM, "run",
                                directory.file("in.npy"), directory.file("out.npy"), "--filter", "median size=31",
                                "--jobs", "2", "--progress", "json"});
    REQUIRE(test::wait_for_first_slice(program));
    REQUIRE(::kill(static_cast<pid_t>(program.pid()), SIGHUP) == 0);
    const auto result = program.wait(kWatchdog);
    REQUIRE(result.has_value());
    CHECK(result->status.code == 0);
    CHECK(directory.listing() == "in.npy out.npy");
}

TEST_CASE("killing the program outright leaves no process behind", "[cli][interrupt]") {
    LongRun run;
    REQUIRE(run.started());
    run.send(SIGKILL);
    CHECK(run.end().status.signal == SIGKILL);
    CHECK(test::all_gone(run.children()));
}
