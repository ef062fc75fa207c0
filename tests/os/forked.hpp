// forked.hpp: runs a piece of a test in a forked process, for what may kill it or changes the whole process.
// No Catch2 assertions in there: the exit status is the verdict.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace slicepool::test {

struct Ending {
    int code = -1;   ///< exit code, or -1 when a signal ended it
    int signal = 0;  ///< that signal, or 0
};

[[nodiscard]] inline Ending ending_of(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return {};
    return WIFEXITED(status) ? Ending{WEXITSTATUS(status), 0} : Ending{-1, WTERMSIG(status)};
}

/// Forks; the child ends with what `action` returns, or with 99 when it throws.
template <class Action>
[[nodiscard]] pid_t start_forked(Action&& action) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM})
        ::signal(signal, SIG_DFL);  // not Catch2's
    int code = 99;
    try {
        code = action();
    } catch (...) {
    }
    ::_exit(code);
}

template <class Action>
[[nodiscard]] Ending forked(Action&& action) {
    return ending_of(start_forked(std::forward<Action>(action)));
}

}  // namespace slicepool::test
