// progress_test.cpp: what a run shows on standard error while it is under way, on a terminal and off it.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "os/file_descriptor.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using nlohmann::json;

namespace {

struct OnTerminal {
    int status = -1;  // as waitpid gives it
    std::string screen;
};

/// Runs the tool with standard error on a terminal of its own, `columns` wide.
OnTerminal run_on_terminal(std::vector<std::string> arguments, unsigned short columns) {
    os::FileDescriptor terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(terminal);
    REQUIRE(::grantpt(terminal.get()) == 0);
    REQUIRE(::unlockpt(terminal.get()) == 0);
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    REQUIRE(::ioctl(terminal.get(), TIOCSWINSZ, &size) == 0);
    const std::string name = ::ptsname(terminal.get());
    std::vector<std::string> command = test::command_line(std::move(arguments));
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);

    const pid_t child = ::fork();
    if (child == 0) {
        const int screen = ::open(name.c_str(), O_RDWR | O_NOCTTY);
        ::dup2(screen, STDERR_FILENO);
        ::setenv("TERM", "xterm", 1);
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    OnTerminal result;
    std::array<char, 4096> buffer{};
    while (true) {
        pollfd polled{terminal.get(), POLLIN, 0};
        if (::poll(&polled, 1, 240'000) <= 0) break;  // a tool that hangs fails the checks
        const ssize_t n = ::read(terminal.get(), buffer.data(), buffer.size());
        if (n <= 0) break;  // EIO: the last one to hold the terminal has closed it
        result.screen.append(buffer.data(), static_cast<std::size_t>(n));
    }
    if (::waitpid(child, &result.status, WNOHANG) == 0) {
        ::usleep(1'000'000);
        if (::waitpid(child, &result.status, WNOHANG) == 0) ::kill(child, SIGKILL), ::waitpid(child, &result.status, 0);
    }
    return result;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

const std::regex kPlainLine(
    R"( *\d+%\|#* *\| \d+/\d+ \[\d\d:\d\d<(\d\d:\d\d|\?), (\d+\.\d\dslice/s|\d+\.\d\ds/slice|\?slice/s)\])");

}  // namespace

TEST_CASE("off a terminal a short run shows no progress", "[cli][progress]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {3, 4, 5});
    const os::ProgramResult result = test::slicepool(
        {"run", directory.file("in.npy"), directory.file("out.npy"), "-f", "gaussian sigma=1", "--backend", "serial"});
    CHECK(result.status.code == 0);
    CHECK(lines_of(result.error_output).size() == 1);
}

TEST_CASE("plain progress is whole lines in tqdm's grammar, up to the last slice", "[cli][progress]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {test::kSecondsOfSlices, 160, 160});
    const os::ProgramResult result = test::slicepool({"run", directory.file("in.npy"), directory.file("out.npy"), "-f",
                                                      "median size=31", "--backend", "threads", "--progress", "plain"});
    CAPTURE(result.error_output);
    CHECK(result.status.code == 0);
    CHECK(result.error_output.find('\r') == std::string::npos);
    const std::vector<std::string> lines = lines_of(result.error_output);
    REQUIRE(lines.size() >= 2);
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        CAPTURE(lines[i]);
        CHECK(std::regex_match(lines[i], kPlainLine));
    }
    const std::string count = std::to_string(test::kSecondsOfSlices);
    CHECK(lines[lines.size() - 2].rfind("100%|##########| " + count + "/" + count + " [", 0) == 0);
}

TEST_CASE("on a terminal a bar is drawn in place and cleared at the end", "[cli][progress]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {test::kSecondsOfSlices, 160, 160});
    const OnTerminal result = run_on_terminal(
        {"run", directory.file("in.npy"), directory.file("out.npy"), "-f", "median size=31", "--jobs", "1"}, 70);
    CAPTURE(result.screen);
    REQUIRE(WIFEXITED(result.status));
    CHECK(WEXITSTATUS(result.status) == 0);
    std::vector<std::string> drawn;
    std::istringstream screen(result.screen.substr(0, result.screen.find('\n')));
    for (std::string part; std::getline(screen, part, '\r');) drawn.push_back(part);
    REQUIRE(drawn.size() >= 4);  // nothing, bars, blanks, the summary
    std::size_t bars = 0;
    for (std::size_t i = 1; i + 1 < drawn.size(); ++i) {
        if (drawn[i].find("| ") == std::string::npos) continue;
        CAPTURE(drawn[i]);
        CHECK(drawn[i].size() == 69);
        CHECK(std::regex_match(drawn[i], kPlainLine));
        ++bars;
    }
    CHECK(bars >= 1);
    CHECK(result.screen.find("\r" + std::string(69, ' ') + "\r" + std::to_string(test::kSecondsOfSlices) +
                             " slices in ") != std::string::npos);
}

TEST_CASE("JSON progress is one object a line, ending with the whole", "[cli][progress]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {test::kSecondsOfSlices, 160, 160});
    const os::ProgramResult result = test::slicepool({"run", directory.file("in.npy"), directory.file("out.npy"), "-f",
                                                      "median size=31", "--jobs", "2", "--progress", "json"});
    CHECK(result.status.code == 0);
    const std::vector<std::string> lines = lines_of(result.error_output);
    REQUIRE(lines.size() >= 2);
    double time = 0.0;
    int done = 0;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        CAPTURE(lines[i]);
        const json progress = json::parse(lines[i]);
        CHECK(progress.size() == 7);
        CHECK(progress["t"].get<double>() >= time);
        CHECK(progress["done"].get<int>() >= done);
        CHECK(progress["total"] == test::kSecondsOfSlices);
        CHECK(progress["failed"] == 0);
        CHECK(progress["retried"] == 0);
        CHECK((progress["rate"].is_number() || progress["rate"].is_null()));
        CHECK((progress["eta"].is_number() || progress["eta"].is_null()));
        time = progress["t"];
        done = progress["done"];
    }
    CHECK(done == test::kSecondsOfSlices);
}
