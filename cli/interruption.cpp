#include "interruption.hpp"

#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "exit_code.hpp"
#include "os/child.hpp"
#include "os/terminal.hpp"
#include "text.hpp"

namespace slicepool::cli {
namespace {

/// Never waits: the thread that runs slices may be waiting for a reader already, with the lock of stderr.
void say(const std::string& text) {
    const char* const new_line = os::standard_error_is_terminal() ? "\n" : "";  // a progress bar may stand there
    os::write_without_waiting(fmt::format("{}slicepool: {}\n", new_line, text));
}

}  // namespace

Interruption::Interruption() : interrupts_([this](int) { on_signal(); }) {}

void Interruption::before_leaving(std::function<void()> cleanup) {
    const std::lock_guard lock(mutex_);
    cleanups_.push_back(std::move(cleanup));
}

std::string Interruption::stopping_text() const {
    const std::int64_t under_way = under_way_;
    const double grace = grace_seconds_;
    const std::string slices = under_way > 0 ? count_text(under_way, "slice") : "the slices";
    if (grace == 0) return fmt::format("stopping without waiting for {} under way", slices);
    const std::string limit = std::isfinite(grace) ? fmt::format(" up to {} s", grace) : "";
    return fmt::format("stopping: waiting{} for {} under way; once more to leave at once", limit, slices);
}

void Interruption::on_signal() {
    if (running_ && stop_.request_stop()) return say(stopping_text());
    const std::lock_guard lock(mutex_);
    for (const auto& cleanup : cleanups_) cleanup();
    say("interrupted, leaving at once");
    os::kill_children();  // workers would end with this program anyway; what they have forked would not
    std::_Exit(kInterrupted);
}

}  // namespace slicepool::cli
