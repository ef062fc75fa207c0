// launch.hpp: runs another program and hands back what it printed and how it ended; Boost.Process is used here only.
// Worker processes are not launched but forked; see child.hpp.
#pragma once

#include "os/child.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace slicepool::os {

struct ProgramResult {
    ExitStatus status;
    std::string output;        ///< what it wrote to standard output
    std::string error_output;  ///< and to standard error
    bool ended_by_us = false;  ///< it did not end by itself in time, or was asked to stop
};

/// The first executable file `name` in the directories of PATH.
[[nodiscard]] std::optional<std::string> find_program(std::string_view name);

/// A program under way, in a process group of its own (a terminal's Ctrl-C passes it by), with nothing on its standard
/// input and default signal handling. It dies with the thread that started it. One thread at a time.
class RunningProgram {
public:
    /// `command`: the program (a path, or a name to be found in PATH) and its arguments. Throws SystemError.
    explicit RunningProgram(const std::vector<std::string>& command);
    /// Kills the group if the program has not ended.
    ~RunningProgram();
    RunningProgram(const RunningProgram&) = delete;
    RunningProgram& operator=(const RunningProgram&) = delete;

    [[nodiscard]] std::int64_t pid() const noexcept;
    /// Waits for its end, at most `limit`, while collecting what it prints. Nothing when it is still running.
    [[nodiscard]] std::optional<ProgramResult> wait(std::chrono::milliseconds limit);
    /// What wait() has collected while the program is running.
    [[nodiscard]] const ProgramResult& so_far() const noexcept;
    /// As Ctrl-C would: SIGINT to the whole group.
    void interrupt() const noexcept;
    /// SIGKILL to the whole group.
    void kill() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Runs `command` to its end. After `limit`, or when `stop` is requested, it is interrupted, and killed if that does not
/// help within three seconds. Throws SystemError when it cannot be started.
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& command, std::chrono::milliseconds limit,
                                        const std::stop_token& stop = {});

}  // namespace slicepool::os
