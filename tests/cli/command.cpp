#include "cli/command.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "io/test_files.hpp"

namespace slicepool::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kWatchdog = 240s;
constexpr auto kPatience = 60s;

bool poll_until(os::RunningProgram& program, const std::function<bool(const std::string&)>& seen) {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
        const bool ended = program.wait(10ms).has_value();
        if (seen(program.so_far().error_output)) return true;
        if (ended) return false;
    }
    return false;
}

}  // namespace

std::vector<std::string> command_line(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), SLICEPOOL_PROGRAM);
    return arguments;
}

os::ProgramResult slicepool(std::vector<std::string> arguments) {
    return os::run_program(command_line(std::move(arguments)), kWatchdog);
}

void write_volume(const std::string& file, const Shape& shape,
                  const std::function<float(std::int64_t, std::int64_t, std::int64_t)>& value) {
    std::string pixels(static_cast<std::size_t>(shape.count()) * sizeof(float), '\0');
    std::size_t at = 0;
    for (std::int64_t z = 0; z < shape.depth; ++z)
        for (std::int64_t y = 0; y < shape.height; ++y)
            for (std::int64_t x = 0; x < shape.width; ++x, at += sizeof(float)) {
                const float pixel = value(z, y, x);
                std::memcpy(pixels.data() + at, &pixel, sizeof pixel);
            }
    write_bytes(file, npy_file(fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}, {}), }}",
                                           shape.depth, shape.height, shape.width),
                               pixels));
}

void write_rough_volume(const std::string& file, const Shape& shape) {
    std::uint32_t state = 12345;
    write_volume(file, shape, [&state](auto...) {
        state = state * 1664525u + 1013904223u;
        return static_cast<float>(state >> 8) / 65536.0f;
    });
}

bool wait_for_text(os::RunningProgram& program, std::string_view text) {
    return poll_until(program, [text](const std::string& printed) { return printed.find(text) != std::string::npos; });
}

bool wait_for_first_slice(os::RunningProgram& program) {
    return poll_until(program, [](const std::string& printed) {
        for (std::size_t at = printed.find("\"done\":"); at != std::string::npos;
             at = printed.find("\"done\":", at + 1))
            if (at + 7 < printed.size() && printed[at + 7] != '0') return true;
        return false;
    });
}

std::vector<std::int64_t> children_of(std::int64_t pid) {
    std::vector<std::int64_t> children;
    std::error_code ignored;
    for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), ignored)) {
        std::ifstream list(thread.path() / "children");
        for (std::int64_t child = 0; list >> child;) children.push_back(child);
    }
    std::sort(children.begin(), children.end());
    return children;
}

bool is_alive(std::int64_t pid) {
    std::ifstream stat(fmt::format("/proc/{}/stat", pid));
    std::string line;
    if (!std::getline(stat, line)) return false;
    const std::size_t state = line.rfind(") ");
    return state != std::string::npos && line[state + 2] != 'Z' && line[state + 2] != 'X';
}

bool all_gone(const std::vector<std::int64_t>& pids) {
    const auto deadline = Clock::now() + kPatience;
    while (std::any_of(pids.begin(), pids.end(), is_alive)) {
        if (Clock::now() > deadline) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

}  // namespace slicepool::test
