// A user's function that uses oneTBB, as the tests of inner threads open it: says how many threads took part.
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

namespace {
std::unique_ptr<tbb::global_control> asked;
}

/// More than the machine has, too, for the rest of the process.
extern "C" void slicepool_tbb_ask_for(int threads) {
    asked = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism, threads);
}

/// Every task waits until `expected` of them have run at once, and a while longer, so that no thread does the work of two
/// and one too many is seen. The tasks would do for `most_wanted` threads.
extern "C" int slicepool_tbb_threads(int most_wanted, int expected) {
    using Clock = std::chrono::steady_clock;
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    tbb::task_arena arena(most_wanted);
    arena.execute([&] {
        tbb::parallel_for(
            0, 2 * most_wanted,
            [&](int) {
                const int now = ++at_once;
                for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                const auto late = Clock::now() + std::chrono::seconds(5);
                while (most < expected && Clock::now() < late)
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                std::this_thread::sleep_for(std::chrono::milliseconds(30));
                --at_once;
            },
            tbb::simple_partitioner());
    });
    return most;
}
