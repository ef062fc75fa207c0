// Inner threads: real oneTBB is held by a limit in the host, and in what is forked under it.
#include "os/inner_threads.hpp"

#include <iostream>
#include <memory>

#include "os/opened_library.hpp"
#include "support/catch.hpp"

namespace os = slicepool::os;
using namespace slicepool::test;

#ifdef SLICEPOOL_TEST_TBB

namespace {

struct Tbb {
    Library library{SLICEPOOL_TEST_TBB};
    int (*threads)(int, int) = library.function<int(int, int)>("slicepool_tbb_threads");
    void (*ask_for)(int) = library.function<void(int)>("slicepool_tbb_ask_for");
};

}  // namespace

TEST_CASE("oneTBB is held while a limit of the host lives", "[os][inner][tbb]") {
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        const Tbb tbb;
        tbb.ask_for(4);
        numbers[0] = tbb.threads(4, 4);
        {
            const os::HostInnerLimit limit(2);
            numbers[1] = tbb.threads(4, 2);
            auto other = std::make_unique<os::HostInnerLimit>(1);
            numbers[2] = tbb.threads(4, 1);
            other.reset();
            numbers[3] = tbb.threads(4, 2);
        }
        numbers[4] = tbb.threads(4, 4);
        {
            const os::HostInnerLimit limit(2,
                                           2);  // two callers, of whom one calls: it may have the other's thread, too
            numbers[5] = tbb.threads(4, 3);
        }
    });
    CHECK(threads == Numbers{4, 2, 1, 2, 4, 3});
}

TEST_CASE("oneTBB is held in a process that was forked under a limit", "[os][inner][tbb]") {
    const Numbers threads = in_forked_process([](Numbers& numbers) {
        const Tbb tbb;
        tbb.ask_for(4);
        const auto used_after_fork = [&](std::unique_ptr<os::HostInnerLimit> limit, int expected) {
            return code_of_forked([&] {
                os::hold_process_inner_threads(3, os::InnerThreadLibraries::now());
                limit.reset();  // of no effect here
                return tbb.threads(4, expected);
            });
        };
        numbers[0] = used_after_fork(nullptr, 4);
        numbers[1] = used_after_fork(std::make_unique<os::HostInnerLimit>(2), 2);
        numbers[2] = used_after_fork(std::make_unique<os::HostInnerLimit>(1), 1);
        numbers[3] = tbb.threads(4, 4);
    });
    CHECK(threads == Numbers{4, 2, 1, 4});
}

#else

TEST_CASE("oneTBB is held", "[os][inner][tbb]") {
    std::cout << "skipped: oneTBB was not found when this was configured (libtbb-dev)\n";
}

#endif
