// inner_threads_test.cpp: OpenMP and OpenBLAS within a function keep to the worker's share of the cores, on every backend,
// and the host has afterwards what it had. How that is done, and the other libraries, are in tests/os.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <slicepool/pool/parallel.hpp>

#include "os/machine.hpp"
#include "os/opened_library.hpp"
#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

#if defined(SLICEPOOL_TEST_OPENMP) && !defined(__SANITIZE_THREAD__)  // it does not know how GNU's OpenMP synchronises

namespace {

/// Opened once, for it keeps its threads; by itself it would take eight in every thread.
const Library& openmp() {
    static const Library library = [] {
        ::setenv("OMP_NUM_THREADS", "8", 1);
        const Library opened(SLICEPOOL_TEST_OPENMP);
        ::unsetenv("OMP_NUM_THREADS");
        return opened;
    }();
    return library;
}
int team() { return openmp().function<int()>("slicepool_openmp_team")(); }

}  // namespace

TEST_CASE("OpenMP in a function has its worker's share of the cores, and the caller its own number",
          "[contract][share][openmp]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    openmp().function<void(int)>("slicepool_openmp_ask_for")(8);
    const int before = team();
    REQUIRE(before == 8);
    for (const int inner : {1, 3}) {
        CHECK(parallel([](int) { return team(); }, range(4),
                       {.n_jobs = 2, .backend = backend, .inner_threads = inner}) == std::vector(4, inner));
        Pool pool({.n_jobs = 2, .backend = backend, .inner_threads = inner});
        CHECK(pool.parallel([](int) { return team(); }, range(4)) == std::vector(4, inner));
        CHECK(pool.parallel([](int) { return team(); }, range(4)) == std::vector(4, inner));
    }
    CHECK(team() == before);
    if (backend == Backend::serial) return;
    const int each = std::max(1, os::usable_cores() / 2);
    for (const int held : parallel([](int) { return team(); }, range(4), {.n_jobs = 2, .backend = backend}))
        CHECK(held == each);
    CHECK(team() == before);
}

TEST_CASE("a function that asks OpenMP for fewer threads than its share has those", "[contract][share][openmp]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto two_of_six = [](int) {
        openmp().function<void(int)>("slicepool_openmp_ask_for")(2);
        return team();
    };
    CHECK(parallel(two_of_six, range(4), {.n_jobs = 2, .backend = backend, .inner_threads = 6}) == std::vector(4, 2));
}

#else

TEST_CASE("OpenMP in a function has its worker's share of the cores", "[contract][share][openmp]") {
    std::cout << "skipped: no OpenMP when this was configured, or the thread sanitizer, which does not know how it "
                 "synchronises\n";
}

#endif

#if defined(SLICEPOOL_TEST_OPENBLAS) && !defined(__SANITIZE_THREAD__)

namespace {

const Library& openblas() {
    static const Library library((::setenv("OPENBLAS_THREAD_TIMEOUT", "4", 1), SLICEPOOL_TEST_OPENBLAS));
    return library;
}

/// Multiplies two matrices; the number of threads OpenBLAS says it uses for that.
int threads_of_product() {
    constexpr int kSide = 300;
    constexpr int kRowMajor = 101;
    constexpr int kNotTransposed = 111;
    const std::vector<double> matrix(kSide * kSide, 1.0);
    std::vector<double> product(matrix.size());
    openblas()
        .function<void(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*,
                       int)>("cblas_dgemm")(kRowMajor, kNotTransposed, kNotTransposed, kSide, kSide, kSide, 1.0,
                                            matrix.data(), kSide, matrix.data(), kSide, 0.0, product.data(), kSide);
    if (product.front() != kSide || product.back() != kSide) return -1;
    return openblas().function<int()>("openblas_get_num_threads")();
}

}  // namespace

TEST_CASE("OpenBLAS in a function has its worker's share of the cores, and the caller its own number",
          "[contract][share][openblas]") {
    if (openblas().function<int()>("openblas_get_parallel")() != 1) {
        std::cout << "skipped: " SLICEPOOL_TEST_OPENBLAS " is not built with POSIX threads\n";
        return;
    }
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    openblas().function<void(int)>("openblas_set_num_threads")(4);
    REQUIRE(threads_of_product() == 4);
    for (const int inner : {1, 3}) {
        CHECK(parallel([](int) { return threads_of_product(); }, range(4),
                       {.n_jobs = 2, .backend = backend, .inner_threads = inner}) == std::vector(4, inner));
        CHECK(threads_of_product() == 4);
        if (backend != Backend::processes) continue;
        // Those that OpenBLAS really has, beside the worker itself.
        const std::vector<int> running = parallel(
            [](int) {
                threads_of_product();
                return thread_count();
            },
            range(4), {.n_jobs = 2, .backend = backend, .inner_threads = inner});
        CHECK(running == std::vector(4, inner));
    }
    CHECK(threads_of_product() == 4);
}

#else

TEST_CASE("OpenBLAS in a function has its worker's share of the cores", "[contract][share][openblas]") {
    std::cout
        << "skipped: no OpenBLAS with POSIX threads when this was configured (libopenblas0-pthread), or the thread "
           "sanitizer, which does not know how it synchronises\n";
}

#endif
