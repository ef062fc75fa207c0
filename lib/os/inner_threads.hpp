// inner_threads.hpp: holds the thread pools inside the user's function (OpenMP, OpenBLAS, MKL, BLIS, oneTBB) to a share of
// the cores, so that workers times inner threads does not exceed them. How large the share is, is decided elsewhere.
#pragma once

#include "os/inner_thread_libraries.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace slicepool::os {

// A limit only ever lowers: whoever asked for fewer threads keeps them. `count` below 1 counts as 1.

/// For a process of ours, for the rest of its life: environment variables for libraries loaded later, setters for
/// `libraries`. Takes no lock that the host's threads may have held at a fork and starts no thread (OpenBLAS does if it
/// hides its variables), so that it is safe in a forked process when `libraries` was found, and lives, before the fork.
/// To be called before the process has threads of its own; calling again is harmless.
///
/// Not held are: oneTBB, which may be locked for ever in the fork of a process that uses it (what holds it is a
/// HostInnerLimit that lives in the host while that forks); OpenMP teams started by threads other than the calling one,
/// if GNU's OpenMP was loaded already.
void hold_process_inner_threads(int count, const InnerThreadLibraries& libraries);

/// While it lives, OpenMP and MKL (and OpenBLAS and BLIS where they go by thread) use at most `count` threads in what the
/// constructing thread runs. To be destroyed by the same thread, which has then what it had, unless somebody else changed it.
class ThreadInnerLimit {
public:
    explicit ThreadInnerLimit(int count, const InnerThreadLibraries& libraries = InnerThreadLibraries::now());
    ~ThreadInnerLimit();
    ThreadInnerLimit(const ThreadInnerLimit&) = delete;
    ThreadInnerLimit& operator=(const ThreadInnerLimit&) = delete;

private:
    InnerThreadLibraries libraries_;
    std::vector<std::function<void()>> undo_;
};

/// While it lives, the libraries with only one setting for the process (OpenBLAS, older BLIS, oneTBB) are held so that
/// each of `callers` threads that call them at the same time has `count` threads. For the host: once around a run in its
/// threads, with as many callers as workers; once around a fork, with one.
///
/// May live several at a time, in any threads and any order: the smallest counts, and when the last goes everything is
/// as before the first, unless somebody else changed it meanwhile. In a process forked meanwhile the limit stays for good.
/// In a process that hold_process_inner_threads() holds it leaves oneTBB alone, which is held there by the host's limit.
class HostInnerLimit {
public:
    explicit HostInnerLimit(int count, int callers = 1,
                            const InnerThreadLibraries& libraries = InnerThreadLibraries::now());
    ~HostInnerLimit();
    HostInnerLimit(const HostInnerLimit&) = delete;
    HostInnerLimit& operator=(const HostInnerLimit&) = delete;

private:
    class Register;
    class TbbHold;
    InnerThreadLibraries libraries_;
    int count_;
    Register* register_;
    std::vector<std::unique_ptr<TbbHold>> tbb_;
};

}  // namespace slicepool::os
