// Inner threads: real OpenBLAS is held, and starts no thread in a forked process before it is used.
#include "os/inner_threads.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "os/opened_library.hpp"
#include "support/catch.hpp"

namespace os = slicepool::os;
using namespace slicepool::test;

#ifdef SLICEPOOL_TEST_OPENBLAS

namespace {

/// Asks for four threads as OpenBLAS is loaded, and keeps those that have nothing to do from spinning.
struct OpenBlas {
    Library library;
    using Gemm = void(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*,
                      int);
    Gemm* gemm = library.function<Gemm>("cblas_dgemm");
    void (*set)(int) = library.function<void(int)>("openblas_set_num_threads");
    int (*get)() = library.function<int()>("openblas_get_num_threads");
    std::vector<double> matrix = std::vector<double>(kSide * kSide, 1.0);
    std::vector<double> product = matrix;

    OpenBlas() : library((::setenv("OPENBLAS_THREAD_TIMEOUT", "4", 1), SLICEPOOL_TEST_OPENBLAS)) { set(4); }

    void multiply() {
        constexpr int kRowMajor = 101;
        constexpr int kNotTransposed = 111;
        gemm(kRowMajor, kNotTransposed, kNotTransposed, kSide, kSide, kSide, 1.0, matrix.data(), kSide, matrix.data(),
             kSide, 0.0, product.data(), kSide);
    }

    /// How many threads multiply two matrices: the caller and those that ran meanwhile.
    [[nodiscard]] int team() {
        const auto before = times_woken();
        multiply();
        int ran = 1;
        for (const auto& [thread, times] : times_woken()) {
            const auto known = before.find(thread);
            if (known == before.end() || known->second != times) ++ran;
        }
        return ran;
    }

private:
    static constexpr int kSide = 400;

    /// How often each thread but the caller went to sleep, once all of them sleep.
    static std::map<std::string, std::string> times_woken() {
        for (auto before = times_asleep();;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            auto now = times_asleep();
            if (now == before) return now;
            before = std::move(now);
        }
    }

    static std::map<std::string, std::string> times_asleep() {
        std::map<std::string, std::string> times;
        for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::ifstream status(task.path() / "status");
            if (task.path().filename() == std::to_string(::getpid())) continue;
            for (std::string line; std::getline(status, line);)
                if (line.starts_with("voluntary_ctxt_switches")) times[task.path().filename()] = line;
        }
        return times;
    }
};

/// Says so when the library is of another build.
bool openblas_has_posix_threads() {
    const int kind =
        code_of_forked([] { return Library(SLICEPOOL_TEST_OPENBLAS).function<int()>("openblas_get_parallel")(); });
    if (kind != 1) std::cout << "skipped: " SLICEPOOL_TEST_OPENBLAS " is not built with POSIX threads\n";
    return kind == 1;
}

}  // namespace

TEST_CASE("OpenBLAS is held while a limit of the host lives", "[os][inner][openblas]") {
    if (!openblas_has_posix_threads()) return;
    const Numbers teams = in_forked_process([](Numbers& numbers) {
        OpenBlas blas;
        numbers[0] = blas.team();
        {
            const os::HostInnerLimit limit(2);
            numbers[1] = blas.team();
            const os::HostInnerLimit another(1);
            numbers[2] = blas.team();
        }
        numbers[3] = blas.team();
        numbers[4] = blas.get();
    });
    CHECK(teams == Numbers{4, 2, 1, 4, 4});
}

TEST_CASE("OpenBLAS of a forked process is held and starts no thread until it is used", "[os][inner][openblas]") {
    if (!openblas_has_posix_threads()) return;
    for (const int count : {1, 2}) {
        const Numbers threads = in_forked_process([count](Numbers& numbers) {
            OpenBlas blas;
            blas.multiply();
            numbers[0] = thread_count();
            const auto libraries = os::InnerThreadLibraries::now();
            const int code = code_of_forked([&] {
                os::hold_process_inner_threads(count, libraries);
                if (thread_count() != 1) return 91;
                if (blas.team() != count) return 92;
                return thread_count();
            });
            numbers[1] = code;
            {
                const os::HostInnerLimit limit(count);
                numbers[4] = code_of_forked([&] {
                    os::hold_process_inner_threads(count, libraries);
                    if (thread_count() != 1) return 91;
                    if (blas.team() != count) return 92;
                    return thread_count();
                });
            }
            numbers[2] = code_of_forked([&] {
                blas.multiply();
                return thread_count();
            });
            numbers[3] = blas.team();
        });
        CHECK(threads == Numbers{4, count, 4, 4, count});
    }
}

TEST_CASE("a limit of a forked host starts no thread of OpenBLAS either", "[os][inner][openblas]") {
    if (!openblas_has_posix_threads()) return;
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        OpenBlas blas;
        blas.multiply();
        const int code = code_of_forked([&] {
            {
                const os::HostInnerLimit limit(1);
                blas.multiply();
                if (thread_count() != 1) return 91;
            }
            if (thread_count() != 1) return 92;
            return blas.team();
        });
        numbers[0] = code;
    });
    CHECK(threads[0] == 4);
}

TEST_CASE("OpenBLAS loaded in a worker process later is held by the environment", "[os][inner][openblas]") {
    if (!openblas_has_posix_threads()) return;
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        ::setenv("OPENBLAS_NUM_THREADS", "4", 1);
        os::hold_process_inner_threads(2, os::InnerThreadLibraries::now());
        const Library library(SLICEPOOL_TEST_OPENBLAS);
        numbers[0] = library.function<int()>("openblas_get_num_threads")();
        numbers[1] = thread_count();
    });
    CHECK(threads[0] <= 2);  // OpenBLAS itself takes no more than the machine has
    CHECK(threads[1] <= 2);
}

#else

TEST_CASE("OpenBLAS is held", "[os][inner][openblas]") {
    std::cout << "skipped: no OpenBLAS with POSIX threads was found when this was configured (libopenblas0-pthread)\n";
}

#endif
