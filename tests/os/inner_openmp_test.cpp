// Inner threads: real OpenMP, of GNU and of LLVM, is held in worker processes and in threads of the host.
#include "os/inner_threads.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "os/opened_library.hpp"
#include "support/catch.hpp"

namespace os = slicepool::os;
using namespace slicepool::test;

#ifdef SLICEPOOL_TEST_OPENMP

namespace {

struct OpenMp {
    Library library{SLICEPOOL_TEST_OPENMP};
    int (*team)() = library.function<int()>("slicepool_openmp_team");
    void (*ask_for)(int) = library.function<void(int)>("slicepool_openmp_ask_for");
};

}  // namespace

TEST_CASE("OpenMP loaded before or after is held in a worker process", "[os][inner]") {
    const Numbers teams = in_forked_process([](Numbers& numbers) {
        const OpenMp openmp;
        openmp.ask_for(4);
        numbers[0] = openmp.team();
        const auto libraries = os::InnerThreadLibraries::now();
        os::hold_process_inner_threads(8, libraries);
        numbers[1] = openmp.team();
        os::hold_process_inner_threads(2, libraries);
        numbers[2] = openmp.team();
        os::hold_process_inner_threads(1, libraries);
        numbers[3] = openmp.team();
    });
    CHECK(teams == Numbers{4, 4, 2, 1});
    for (const int count : {1, 2, 3}) {
        const Numbers later = in_forked_process([count](Numbers& numbers) {
            ::setenv("OMP_NUM_THREADS", "5", 1);
            os::hold_process_inner_threads(count, os::InnerThreadLibraries::now());
            numbers[0] = OpenMp().team();
        });
        CHECK(later[0] == count);
    }
}

TEST_CASE("OpenMP found before a fork is held after it, although the host has a team", "[os][inner]") {
    const Numbers teams = in_forked_process([](Numbers& numbers) {
        const OpenMp openmp;
        openmp.ask_for(4);
        numbers[0] = openmp.team();
        const auto libraries = os::InnerThreadLibraries::now();
        // GNU's OpenMP does not survive a fork in a thread that has a team: the forker is one of its own, as in a run.
        in_thread([&] {
            const int code = code_of_forked([&] {
                openmp.ask_for(4);
                os::hold_process_inner_threads(2, libraries);
                return openmp.team();
            });
            numbers[1] = code;
        });
        numbers[2] = openmp.team();
    });
    CHECK(teams == Numbers{4, 2, 4});
}

TEST_CASE("a thread of the host has fewer OpenMP threads for a while, and others are not concerned", "[os][inner]") {
    const Numbers teams = in_forked_process([](Numbers& numbers) {
        const OpenMp openmp;
        openmp.ask_for(4);
        in_thread([&] {
            openmp.ask_for(3);
            {
                const os::ThreadInnerLimit limit(1);
                numbers[0] = openmp.team();
                in_thread([&] {
                    openmp.ask_for(4);
                    numbers[1] = openmp.team();
                });
            }
            numbers[2] = openmp.team();
            {
                const os::ThreadInnerLimit outer(2);
                const os::ThreadInnerLimit wider(8);
                numbers[3] = openmp.team();
            }
            {
                const os::ThreadInnerLimit limit(1);
                openmp.ask_for(2);
            }
            numbers[4] = openmp.team();  // the function's own choice stays
        });
        numbers[5] = openmp.team();
    });
    CHECK(teams == Numbers{1, 4, 3, 2, 2, 4});
}

#else

TEST_CASE("OpenMP is held", "[os][inner]") {
    std::cout << "skipped: the compiler had no OpenMP when this was configured\n";
}

#endif

#ifdef SLICEPOOL_TEST_LLVM_OPENMP

namespace {

std::atomic<int> llvm_team{0};
void join_llvm_team(int*, int*, ...) { ++llvm_team; }

/// LLVM's OpenMP without its compiler.
struct LlvmOpenMp {
    struct Location {
        std::int32_t reserved = 0, flags = 2, more[2] = {};
        const char* source = ";unknown;unknown;0;0;;";
    };
    using Body = void(int*, int*, ...);
    Library library{SLICEPOOL_TEST_LLVM_OPENMP};
    void (*fork_call)(Location*, int, Body*,
                      ...) = library.function<void(Location*, int, Body*, ...)>("__kmpc_fork_call");
    void (*ask_for)(int) = library.function<void(int)>("omp_set_num_threads");

    [[nodiscard]] int team() const {
        Location location;
        llvm_team = 0;
        fork_call(&location, 0, join_llvm_team);
        return llvm_team;
    }
    static std::string registration() {
        return "/dev/shm/__KMP_REGISTERED_LIB_" + std::to_string(::getpid()) + "_" + std::to_string(::getuid());
    }
    /// What it would do itself at an orderly end.
    ~LlvmOpenMp() { ::unlink(registration().c_str()); }
};

}  // namespace

TEST_CASE("LLVM's OpenMP is held in a thread of the host", "[os][inner][llvm]") {
    const Numbers teams = in_forked_process([](Numbers& numbers) {
        const LlvmOpenMp openmp;
        openmp.ask_for(4);
        numbers[0] = openmp.team();
        in_thread([&] {
            openmp.ask_for(3);
            {
                const os::ThreadInnerLimit limit(1);
                numbers[1] = openmp.team();
            }
            numbers[2] = openmp.team();
        });
        numbers[3] = openmp.team();
    });
    CHECK(teams == Numbers{4, 1, 3, 4});
}

TEST_CASE("LLVM's OpenMP is held in a worker process, started before the fork or after", "[os][inner][llvm]") {
    for (const int count : {1, 3}) {
        const Numbers teams = in_forked_process([count](Numbers& numbers) {
            ::setenv("OMP_NUM_THREADS", "5", 1);
            const LlvmOpenMp openmp;
            const auto after_fork = [&](const os::InnerThreadLibraries& libraries) {
                return code_of_forked([&] {
                    os::hold_process_inner_threads(count, libraries);
                    if (!libraries.openmp.at(0).llvm_has_started && std::filesystem::exists(LlvmOpenMp::registration()))
                        return 91;
                    const int team = openmp.team();
                    ::unlink(LlvmOpenMp::registration().c_str());
                    return team;
                });
            };
            numbers[0] = after_fork(os::InnerThreadLibraries::now());
            openmp.ask_for(5);
            numbers[1] = openmp.team();
            numbers[2] = after_fork(os::InnerThreadLibraries::now());
        });
        CHECK(teams == Numbers{count, 5, count});
    }
}

#else

TEST_CASE("LLVM's OpenMP is held", "[os][inner][llvm]") {
    std::cout << "skipped: LLVM's OpenMP was not found when this was configured (libomp-dev)\n";
}

#endif
