#include "interruption.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "exit_code.hpp"
#include "os/terminal.hpp"

namespace slicepool::cli {

Interruption::Interruption() : interrupts_([this](int) { on_signal(); }) {}

void Interruption::before_leaving(std::function<void()> cleanup) {
    const std::lock_guard lock(mutex_);
    cleanups_.push_back(std::move(cleanup));
}

void Interruption::on_signal() {
    const char* const new_line = os::standard_error_is_terminal() ? "\n" : "";  // a progress bar may stand there
    if (running_ && stop_.request_stop()) {
        fmt::print(stderr, "{}slicepool: stopping after the slices under way; once more to leave at once\n", new_line);
        return;
    }
    const std::lock_guard lock(mutex_);
    for (const auto& cleanup : cleanups_) cleanup();
    fmt::print(stderr, "{}slicepool: interrupted, leaving at once\n", new_line);
    std::_Exit(kInterrupted);
}

}  // namespace slicepool::cli
