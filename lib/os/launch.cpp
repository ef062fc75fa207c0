#include "os/launch.hpp"

#include "os/event.hpp"

#include <slicepool/core/error.hpp>

#include <boost/version.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#if BOOST_VERSION >= 108600
#include <boost/process/v1/args.hpp>
#include <boost/process/v1/child.hpp>
#include <boost/process/v1/extend.hpp>
#include <boost/process/v1/group.hpp>
#include <boost/process/v1/io.hpp>
#include <boost/process/v1/posix.hpp>
#else
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/group.hpp>
#include <boost/process/io.hpp>
#include <boost/process/posix.hpp>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace slicepool::os {
namespace {

#if BOOST_VERSION >= 108600
namespace bp = boost::process::v1;
#else
namespace bp = boost::process;
#endif
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kGrace = 3000ms;
constexpr auto kLookAgain = 20ms;

struct Pipe {
    FileDescriptor source;
    FileDescriptor sink;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError("create", "pipe", last_system_error());
    Pipe pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
    ::fcntl(pipe.source.get(), F_SETFL, O_NONBLOCK);
    return pipe;
}

std::string full_path(const std::string& program) {
    if (program.find('/') != std::string::npos) return program;
    const std::optional<std::string> found = find_program(program);
    if (!found)
        throw SystemError("launch", program, std::make_error_code(std::errc::no_such_file_or_directory),
                          "it is not in PATH");
    return *found;
}

/// Runs in the child between fork and exec.
void set_up_child(pid_t parent) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) ::_exit(1);  // it died before we asked
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Appends what can be read; false once the other side is closed.
bool drain(const FileDescriptor& source, std::string& text) {
    std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
    while (true) {
        const ssize_t n = ::read(source.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        if (n == 0) return false;
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

}  // namespace

// Boost's own search needs Boost.Filesystem, which is a library to link.
std::optional<std::string> find_program(std::string_view name) {
    const char* const path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
    while (true) {
        const std::size_t colon = rest.find(':');
        const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, colon)) / name;
        std::error_code ignored;
        if (std::filesystem::is_regular_file(candidate, ignored) && ::access(candidate.c_str(), X_OK) == 0)
            return std::filesystem::absolute(candidate, ignored).native();
        if (colon == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(colon + 1);
    }
}

struct RunningProgram::State {
    Pipe output = make_pipe();
    Pipe error_output = make_pipe();
    bp::group group;
    bp::child child;
    ProgramResult result;
    bool ended = false;

    /// True once the program has ended and all it printed is here.
    bool collect(std::chrono::milliseconds limit) {
        std::vector<int> open;
        for (const Pipe* pipe : {&output, &error_output})
            if (pipe->source) open.push_back(pipe->source.get());
        static_cast<void>(wait_readable(open, std::min<std::chrono::milliseconds>(limit, kLookAgain)));
        ended = ended || !is_running();  // asked before the pipes are emptied for the last time
        if (output.source && !drain(output.source, result.output)) output.source.reset();
        if (error_output.source && !drain(error_output.source, result.error_output)) error_output.source.reset();
        return ended;
    }

    bool is_running() {
        std::error_code error;
        if (child.running(error)) return true;
        const int status = child.native_exit_code();
        result.status = {.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                         .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                         .known = !error};
        return false;
    }
};

RunningProgram::RunningProgram(const std::vector<std::string>& command) : state_(std::make_unique<State>()) {
    const std::string program = full_path(command.at(0));
    const pid_t parent = ::getpid();
    try {
        state_->child = bp::child(
            program, bp::args(std::vector<std::string>(command.begin() + 1, command.end())), bp::std_in < bp::null,
            bp::posix::fd.bind(STDOUT_FILENO, state_->output.sink.get()),
            bp::posix::fd.bind(STDERR_FILENO, state_->error_output.sink.get()), state_->group,
            bp::extend::on_exec_setup = [parent](auto&) { set_up_child(parent); });
    } catch (const std::system_error& error) {
        throw SystemError("launch", program, error.code());
    }
    state_->output.sink.reset();
    state_->error_output.sink.reset();
}

RunningProgram::~RunningProgram() {
    if (state_->ended) return;
    kill();
    std::error_code ignored;
    state_->child.wait(ignored);
}

std::int64_t RunningProgram::pid() const noexcept { return state_->child.id(); }

std::optional<ProgramResult> RunningProgram::wait(std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (state_->collect(std::max(left, 0ms))) return state_->result;
        if (left <= 0ms) return std::nullopt;
    }
}

const ProgramResult& RunningProgram::so_far() const noexcept { return state_->result; }

// The group outlives the program in the processes it started, so its number cannot have been given away while one of
// them lives; once the program has been reaped and nothing is left, there is nobody to signal.
void RunningProgram::interrupt() const noexcept {
    if (!state_->ended) ::kill(-static_cast<pid_t>(pid()), SIGINT);
}

void RunningProgram::kill() const noexcept {
    if (!state_->ended) ::kill(-static_cast<pid_t>(pid()), SIGKILL);
}

ProgramResult run_program(const std::vector<std::string>& command, std::chrono::milliseconds limit,
                          const std::stop_token& stop) {
    RunningProgram program(command);
    const auto deadline = Clock::now() + limit;
    while (Clock::now() < deadline && !stop.stop_requested())
        if (auto result = program.wait(kLookAgain)) return *result;
    program.interrupt();
    std::optional<ProgramResult> result = program.wait(kGrace);
    if (!result) {
        program.kill();
        while (!result) result = program.wait(kGrace);
    }
    result->ended_by_us = true;
    return *result;
}

}  // namespace slicepool::os
