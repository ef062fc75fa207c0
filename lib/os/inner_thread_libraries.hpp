// inner_thread_libraries.hpp: the libraries with thread pools of their own (OpenMP, OpenBLAS, MKL, BLIS, oneTBB) that are
// loaded in this process, and their entry points. Found by name at run time: nothing is linked, nothing is called here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace slicepool::os {

/// An OpenMP run time. Its setter concerns the calling thread only.
struct OpenMpLibrary {
    void (*set_threads)(int) = nullptr;
    int (*threads)() = nullptr;
    bool of_llvm = false;           ///< LLVM's or Intel's: starts with the first call of any function
    bool llvm_has_started = false;  ///< one of that kind has, when this was found
};

/// An OpenBLAS with POSIX threads. (One that uses OpenMP follows OpenMP's setting, a serial one needs no limit.)
struct OpenBlasLibrary {
    void (*set_threads)(int) = nullptr;
    int (*threads)() = nullptr;
    // Its own variables, or null where it hides them:
    int* used_threads = nullptr;           ///< what threads() returns
    int* pool_threads = nullptr;           ///< how many its pool has when it is started
    const int* pool_is_started = nullptr;  ///< 0 after a fork, until it is used
};

struct MklLibrary {
    int (*set_threads_of_caller)(int) = nullptr;  ///< returns what it was, 0 for "as the whole process"
    void (*set_threads)(int) = nullptr;
    int (*threads)() = nullptr;
};

struct BlisLibrary {
    void (*set_threads)(std::int64_t) = nullptr;
    std::int64_t (*threads)() = nullptr;
    bool per_thread = false;  ///< newer ones keep the number by thread, older ones by process
};

/// tbb::global_control, whose layout is part of oneTBB's binary interface (oneapi/tbb/global_control.h, 2021 and later).
struct TbbControl {
    std::size_t value = 1;
    std::intptr_t reserved = 0;
    int parameter = 0;  ///< max_allowed_parallelism
};

/// oneTBB. While a control exists the process uses no more threads than it says, one caller included; of several the
/// smallest counts.
struct TbbLibrary {
    void (*create)(TbbControl&) = nullptr;
    void (*destroy)(TbbControl&) = nullptr;
};

/// Those loaded at some moment, several copies of one library included. They stay loaded as long as this or a copy of
/// it lives. Immutable; safe from many threads.
class InnerThreadLibraries {
public:
    /// Not in a process forked from a threaded one: another thread may have held the dynamic loader's lock.
    /// Throws std::bad_alloc.
    [[nodiscard]] static InnerThreadLibraries now();

    std::vector<OpenMpLibrary> openmp;
    std::vector<OpenBlasLibrary> openblas;
    std::vector<MklLibrary> mkl;
    std::vector<BlisLibrary> blis;
    std::vector<TbbLibrary> tbb;

private:
    std::vector<std::shared_ptr<void>> handles_;
};

}  // namespace slicepool::os
