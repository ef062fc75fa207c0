// command.hpp: runs the built command-line tool and makes its inputs.
// The tool is a separate program here: nothing of cli/ is linked.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <slicepool/core/shape.hpp>

#include "os/launch.hpp"

namespace slicepool::test {

/// Slices of 160 x 160 that `median size=31` takes some seconds for. Under a sanitizer each takes twenty times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kSecondsOfSlices = 8;
#else
constexpr std::int64_t kSecondsOfSlices = 60;
#endif

/// The program's path and `arguments`.
[[nodiscard]] std::vector<std::string> command_line(std::vector<std::string> arguments);

/// Runs the tool to its end; a tool that hangs is ended, which `ended_by_us` tells.
[[nodiscard]] os::ProgramResult slicepool(std::vector<std::string> arguments);

/// A .npy of float32, C order; pixel (z, y, x) is value(z, y, x).
void write_volume(const std::string& file, const Shape& shape,
                  const std::function<float(std::int64_t, std::int64_t, std::int64_t)>& value);
/// The same with pixels that look random and are the same in every run.
void write_rough_volume(const std::string& file, const Shape& shape);

/// Waits until the tool has printed `text` to standard error; false when it ended before or does not in a minute.
[[nodiscard]] bool wait_for_text(os::RunningProgram& program, std::string_view text);
/// Waits until `program`, run with --progress json, has completed a slice.
[[nodiscard]] bool wait_for_first_slice(os::RunningProgram& program);

/// Live child processes of `pid`, ascending.
[[nodiscard]] std::vector<std::int64_t> children_of(std::int64_t pid);
/// True when the process exists and is no zombie.
[[nodiscard]] bool is_alive(std::int64_t pid);
/// Waits until none of them is alive; false when one still is after a minute.
[[nodiscard]] bool all_gone(const std::vector<std::int64_t>& pids);

}  // namespace slicepool::test
