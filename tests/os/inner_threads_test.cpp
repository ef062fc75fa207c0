// Inner threads: libraries are held to their share, in a worker process and in threads of the host, and the host has
// afterwards what it had. With stand-ins for MKL and BLIS; the real libraries have files of their own.
#include "os/inner_threads.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "os/opened_library.hpp"
#include "support/catch.hpp"

namespace os = slicepool::os;
using namespace slicepool::test;

namespace {

struct Blis {
    explicit Blis(const char* file) : library(file) {}
    Library library;
    void (*set)(std::int64_t) = library.function<void(std::int64_t)>("bli_thread_set_num_threads");
    std::int64_t (*get)() = library.function<std::int64_t()>("bli_thread_get_num_threads");
    [[nodiscard]] int threads() const { return static_cast<int>(get()); }
};

/// The variables after a process with these was held to `count`.
std::array<std::string, 3> held_environment(int count, const char* openmp, const char* openblas) {
    const auto set = [](const char* name, const char* value) {
        if (value == nullptr)
            ::unsetenv(name);
        else
            ::setenv(name, value, 1);
    };
    std::array<char, 256> text{};
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) throw std::runtime_error("pipe");
    const int code = code_of_forked([&] {
        set("OMP_NUM_THREADS", openmp);
        set("OPENBLAS_NUM_THREADS", openblas);
        set("MKL_NUM_THREADS", "64");
        os::hold_process_inner_threads(count, os::InnerThreadLibraries());
        const std::string all =
            variable("OMP_NUM_THREADS") + ";" + variable("OPENBLAS_NUM_THREADS") + ";" + variable("MKL_NUM_THREADS");
        return ::write(pipe[1], all.data(), all.size()) == static_cast<ssize_t>(all.size()) ? 0 : 1;
    });
    ::close(pipe[1]);
    const auto length = ::read(pipe[0], text.data(), text.size());
    ::close(pipe[0]);
    REQUIRE(code == 0);
    const std::string all(text.data(), static_cast<std::size_t>(length));
    const auto first = all.find(';');
    const auto second = all.find(';', first + 1);
    return {all.substr(0, first), all.substr(first + 1, second - first - 1), all.substr(second + 1)};
}

}  // namespace

TEST_CASE("a process is held by its environment, and who asked for fewer threads keeps them", "[os][inner]") {
    using Three = std::array<std::string, 3>;
    const std::string before = variable("OMP_NUM_THREADS");
    CHECK(held_environment(4, nullptr, nullptr) == Three{"4", "unset", "4"});
    CHECK(held_environment(4, "1", nullptr) == Three{"1", "unset", "4"});
    CHECK(held_environment(4, "64", "2") == Three{"4", "2", "4"});
    CHECK(held_environment(4, "2,2", "4") == Three{"2,2", "4", "4"});
    CHECK(held_environment(4, "4,2", "5") == Three{"4", "4", "4"});
    CHECK(held_environment(4, "many", "0") == Three{"4", "0", "4"});
    CHECK(held_environment(4, "99999999999999999999", "-1") == Three{"4", "-1", "4"});
    CHECK(held_environment(0, " 3 ", "1") == Three{"1", "1", "1"});
    CHECK(variable("OMP_NUM_THREADS") == before);
}
TEST_CASE("MKL and newer BLIS are held by thread", "[os][inner]") {
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        const Library library(SLICEPOOL_TEST_STAND_IN);
        const auto mkl = library.function<int()>("MKL_Get_Max_Threads");
        const Blis blis(SLICEPOOL_TEST_STAND_IN_BY_THREAD);
        {
            const os::ThreadInnerLimit limit(2);
            numbers[0] = mkl();
            numbers[1] = blis.threads();
            in_thread([&] {
                numbers[2] = mkl();
                numbers[3] = blis.threads();
            });
        }
        numbers[4] = mkl() + blis.threads();
        library.function<int(int)>("MKL_Set_Num_Threads_Local")(5);
        os::hold_process_inner_threads(3, os::InnerThreadLibraries::now());
        numbers[5] = mkl();
        in_thread([&] { numbers[6] = mkl(); });
        numbers[7] = blis.threads();
    });
    CHECK(threads == Numbers{2, 2, 8, 8, 16, 3, 3, 3});
}

TEST_CASE("limits of several runs hold the smallest and give back what was before the first", "[os][inner]") {
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        const Blis blis(SLICEPOOL_TEST_STAND_IN);
        auto first = std::make_unique<os::HostInnerLimit>(4);
        numbers[0] = blis.threads();
        auto second = std::make_unique<os::HostInnerLimit>(2);
        numbers[1] = blis.threads();
        auto third = std::make_unique<os::HostInnerLimit>(3);
        numbers[6] = blis.threads();
        first.reset();
        numbers[2] = blis.threads();
        second.reset();
        numbers[3] = blis.threads();
        third.reset();
        numbers[4] = blis.threads();
        {
            const os::HostInnerLimit limit(2);
            blis.set(6);
            const os::HostInnerLimit another(1);
        }
        numbers[5] = blis.threads();  // somebody else's choice stays
    });
    CHECK(threads == Numbers{4, 2, 2, 3, 8, 6, 2});
}

TEST_CASE("limits that come and go in many threads leave what was there", "[os][inner]") {
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        const Blis blis(SLICEPOOL_TEST_STAND_IN);
        std::atomic<int> exceeded{0};
        std::vector<std::thread> runs;
        for (int run = 0; run < 4; ++run)
            runs.emplace_back([&, run] {
                for (int repeat = 0; repeat < 200; ++repeat) {
                    const os::HostInnerLimit limit(1 + (run + repeat) % 4);
                    if (blis.threads() > 1 + (run + repeat) % 4) ++exceeded;
                }
            });
        for (std::thread& run : runs) run.join();
        numbers[0] = exceeded;
        numbers[1] = blis.threads();
    });
    CHECK(threads == Numbers{0, 8});
}

TEST_CASE("a limit that lives at a fork is no hindrance to limits in the forked process", "[os][inner]") {
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        const Blis blis(SLICEPOOL_TEST_STAND_IN);
        auto limit = std::make_unique<os::HostInnerLimit>(2);
        const int code = code_of_forked([&] {
            const int inherited = blis.threads();
            {
                const os::HostInnerLimit of_the_child(1);
                if (blis.threads() != 1) return 91;
            }
            if (blis.threads() != inherited) return 92;
            limit.reset();
            return blis.threads();
        });
        numbers[0] = code;
        limit.reset();
        numbers[1] = blis.threads();
    });
    CHECK(threads == Numbers{2, 8});
}

TEST_CASE("limits where no such library is loaded do nothing", "[os][inner]") {
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        const os::HostInnerLimit host(1);
        const os::ThreadInnerLimit thread(1);
        numbers[0] = thread_count();
        numbers[1] = ::dlerror() == nullptr;
    });
    CHECK(threads == Numbers{1, 1});
}

namespace {

std::atomic<int> tbb_calls{0};

}  // namespace

TEST_CASE("oneTBB is told of limits, but not in a process that is held, which may be the fork of one that uses it",
          "[os][inner]") {
    const Numbers calls = in_forked_process([](Numbers& numbers) {
        os::InnerThreadLibraries libraries;
        libraries.tbb.push_back(
            {.create = [](os::TbbControl&) { ++tbb_calls; }, .destroy = [](os::TbbControl&) { ++tbb_calls; }});
        { const os::HostInnerLimit limit(1, 1, libraries); }
        numbers[0] = tbb_calls;
        os::hold_process_inner_threads(2, libraries);
        { const os::HostInnerLimit limit(1, 1, libraries); }
        numbers[1] = code_of_forked([&] {
            const os::HostInnerLimit limit(1, 1, libraries);
            return tbb_calls.load();
        });
        numbers[2] = tbb_calls;
    });
    CHECK(calls == Numbers{2, 2, 2});
}
