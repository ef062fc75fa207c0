// placement_test.cpp: workers stay on their cores, and begin with the slices of their memory node; with made-up nodes, for
// machines that have one. Slices are whole cache lines here: each is a task.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <slicepool/core/core_share.hpp>
#include <slicepool/core/current_slice.hpp>
#include <slicepool/core/error.hpp>
#include <slicepool/pool/parallel.hpp>

#include "backends/crew.hpp"
#include "backends/worker_places.hpp"
#include "os/placement.hpp"
#include "pool/carry_out.hpp"
#include "pool/plan.hpp"
#include "support/every_backend.hpp"
#include "support/messages.hpp"
#include "support/shared_counters.hpp"

using namespace slicepool;
using namespace slicepool::test;
using namespace std::chrono_literals;

namespace {

using Tasks = std::vector<std::optional<std::int64_t>>;

Tasks first_tasks(const WorkerPlaces& places, int workers, std::int64_t tasks) {
    Tasks first;
    for (int worker = 0; worker < workers; ++worker) first.push_back(places.first_task(worker, tasks));
    return first;
}

/// So many nodes of one core each, of those that this thread may use.
std::vector<os::Node> made_up_nodes(int count) {
    const std::vector<int> cores = os::usable_core_numbers();
    std::vector<os::Node> nodes;
    for (int node = 0; node < count; ++node)
        nodes.push_back({{cores[static_cast<std::size_t>(node) % cores.size()]}, 1});
    return nodes;
}

/// Copies `input` on a crew of as many workers as nodes.
template <class Function>
Report run_on_nodes(Backend backend, int nodes, const Volume<float>& input, const Volume<float>& output,
                    const Function& function) {
    const SliceInput from{input.any()};
    const SliceOutput to{output.any()};
    const auto on_stacks = [&](std::span<const ConstStack> in, std::span<const Stack> out) {
        function(in[0][0].as<float>(), out[0][0].as<float>());
    };
    const Options options;
    const Plan plan = make_plan({.inputs = {&from, 1},
                                 .outputs = {&to, 1},
                                 .filter = {},
                                 .function = StackFunctionRef(on_stacks),
                                 .blocks = {}},
                                backend, options);
    const auto crew = make_crew({.backend = backend,
                                 .worker_count = nodes,
                                 .most_slices = input.shape().depth,
                                 .core_share = 1,
                                 .places = WorkerPlaces(Placement::nodes, made_up_nodes(nodes), nodes)});
    return carry_out(*crew, plan);
}

void wait_for(const std::atomic<std::int64_t>& counter, std::int64_t value) {
    while (counter.load() < value) std::this_thread::sleep_for(1ms);
}

}  // namespace

TEST_CASE("each node has a contiguous run of slices, as long as its part of the workers", "[placement]") {
    const std::vector<os::Node> two{{{0, 1, 2, 3}, 4}, {{4, 5, 6, 7}, 4}};
    CHECK(first_tasks({Placement::nodes, two, 4}, 4, 10) == Tasks{0, 0, 5, 5});
    CHECK(first_tasks({Placement::cores, two, 4}, 4, 10) == Tasks{0, 0, 5, 5});
    CHECK(first_tasks({Placement::nodes, two, 3}, 3, 10) == Tasks{0, 0, 6});
    const std::vector<os::Node> four{{{0}, 1}, {{1}, 1}, {{2}, 1}, {{3}, 1}};
    CHECK(first_tasks({Placement::nodes, four, 4}, 4, 7) == Tasks{0, 1, 3, 5});
    CHECK(first_tasks({Placement::nodes, four, 4}, 4, 2) == Tasks{0, 0, 1, 1});
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    CHECK(first_tasks({Placement::nodes, two, 2}, 2, kMost) == Tasks{0, kMost / 2});
    const std::optional<std::int64_t> anywhere;
    CHECK(first_tasks({Placement::nodes, std::vector{two[0]}, 2}, 2, 10) == Tasks{anywhere, anywhere});
    CHECK(first_tasks({Placement::none, two, 2}, 2, 10) == Tasks{anywhere, anywhere});
    CHECK(first_tasks({}, 2, 10) == Tasks{anywhere, anywhere});
}

TEST_CASE("workers stay on one core each, or on all of their node", "[placement]") {
    const std::vector<os::Node> two{{{0, 1, 2}, 3}, {{7, 8}, 2}};
    const WorkerPlaces by_core(Placement::cores, two, 4);
    const WorkerPlaces by_node(Placement::nodes, two, 4);
    const auto cores_of = [](const WorkerPlaces& places, int worker) {
        const auto cores = places.cores(worker);
        return std::vector(cores.begin(), cores.end());
    };
    CHECK(cores_of(by_core, 1) == std::vector{1});
    CHECK(cores_of(by_core, 3) == std::vector{8});
    CHECK(cores_of(by_node, 1) == std::vector{0, 1, 2});
    CHECK(cores_of(by_node, 3) == std::vector{7, 8});
    CHECK(cores_of({Placement::none, two, 4}, 3).empty());
}

TEST_CASE("workers begin with the slices of their node", "[contract][placement]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const int nodes = GENERATE(2, 4);
    constexpr std::int64_t kSlices = 21;
    const auto input = numbered_volume<float>({kSlices, 4, 8});
    const auto output = constant_volume<float>({kSlices, 4, 8}, 0);
    const SharedCounters counters(1 + static_cast<std::size_t>(kSlices));
    // Nobody finishes a first slice before all have one: so those in hand by then are the first of each worker.
    const Report report =
        run_on_nodes(backend, nodes, input, output, [&](SliceView<const float> in, SliceView<float> out) {
            const std::int64_t turn = ++counters[0];
            counters[1 + static_cast<std::size_t>(current_slice())] = turn;
            wait_for(counters[0], nodes);
            out = in;
        });
    CHECK(report.ok());
    CHECK(differing_pixels(input, output) == 0);
    std::vector<std::int64_t> first;
    for (std::int64_t slice = 0; slice < kSlices; ++slice)
        if (counters[1 + static_cast<std::size_t>(slice)] <= nodes) first.push_back(slice);
    CHECK(first == (nodes == 2 ? std::vector<std::int64_t>{0, 10} : std::vector<std::int64_t>{0, 5, 10, 15}));
}

TEST_CASE("workers whose node has no slices left help the others: none is left", "[contract][placement]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const int nodes = GENERATE(2, 3);
    constexpr std::int64_t kSlices = 12;
    const auto input = numbered_volume<float>({kSlices, 4, 8});
    const auto output = constant_volume<float>({kSlices, 4, 8}, 0);
    const SharedCounters counters(2);
    // The worker of the last node has its hands full until all else is done.
    const std::int64_t held = kSlices / nodes * (nodes - 1);
    const Report report =
        run_on_nodes(backend, nodes, input, output, [&](SliceView<const float> in, SliceView<float> out) {
            ++counters[1];
            wait_for(counters[1], nodes);  // everybody has the first of its own
            if (current_slice() == held) wait_for(counters[0], kSlices - 1);
            out = in;
            ++counters[0];
        });
    CHECK(report.ok());
    CHECK(differing_pixels(input, output) == 0);
    const int of_the_last = report.slices[held].worker;
    for (std::int64_t slice = 0; slice < kSlices; ++slice)
        CHECK((report.slices[static_cast<std::size_t>(slice)].worker == of_the_last) == (slice == held));
}

TEST_CASE("pinned workers run on their cores, and the caller on those it had", "[contract][placement]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const std::vector<int> before = os::usable_core_numbers();
    const std::vector<os::Node> nodes = os::cores_by_node();
    const int workers = static_cast<int>(before.size()) + 1;
    const auto seen_on = [&](Placement placement) {
        const Options options{.n_jobs = workers, .backend = backend, .placement = placement};
        return parallel([](int) { return os::usable_core_numbers(); }, range(5 * workers), options);
    };
    for (const std::vector<int>& cores : seen_on(Placement::none)) CHECK(cores == before);
    for (const std::vector<int>& cores : seen_on(Placement::cores)) {
        CHECK(cores.size() == 1);
        CHECK(std::ranges::binary_search(before, cores.at(0)));
    }
    for (const std::vector<int>& cores : seen_on(Placement::nodes))
        CHECK(std::ranges::any_of(nodes, [&](os::Node node) {
            std::ranges::sort(node.cores);
            return node.cores == cores;
        }));
    CHECK(os::usable_core_numbers() == before);
}

TEST_CASE("each worker has a core of its own as far as there are so many, in a pool run after run",
          "[contract][placement]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const int workers = static_cast<int>(os::usable_core_numbers().size());
    const SharedCounters counters(1);
    std::atomic<std::int64_t>* const arrived = &counters[0];
    Pool pool({.n_jobs = workers, .backend = backend, .placement = Placement::cores});
    for (std::int64_t run = 1; run <= 2; ++run) {
        std::vector<int> cores = pool.parallel(
            [=](int) {
                ++*arrived;
                wait_for(*arrived, run * workers);  // each of them has one call
                return os::usable_core_numbers().at(0);
            },
            range(workers), {.chunk = 1});
        std::ranges::sort(cores);
        CHECK(cores == os::usable_core_numbers());
    }
}

TEST_CASE("a worker on one core has a share of one, unless it is given another", "[contract][placement][share]") {
    const Backend backend = SLICEPOOL_EVERY_CONCURRENT_BACKEND;
    const auto share = [](int) { return core_share().value_or(0); };
    CHECK(parallel(share, range(2), {.n_jobs = 1, .backend = backend, .placement = Placement::cores}) ==
          std::vector{1, 1});
    CHECK(parallel(share, range(2),
                   {.n_jobs = 1, .backend = backend, .inner_threads = 3, .placement = Placement::cores}) ==
          std::vector{3, 3});
}

TEST_CASE("a serial run leaves its caller where it is, whatever placement says", "[contract][placement]") {
    const std::vector<int> before = os::usable_core_numbers();
    for (const Placement placement : {Placement::cores, Placement::nodes})
        for (const std::vector<int>& cores : parallel([](int) { return os::usable_core_numbers(); }, range(2),
                                                      {.backend = Backend::serial, .placement = placement}))
            CHECK(cores == before);
    CHECK(os::usable_core_numbers() == before);
}

TEST_CASE("a call on a pool has no placement of its own", "[contract][placement][badinput]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    CHECK(missing_in(message_of<InvalidArgument>(
                         [&] { pool.parallel([](int i) { return i; }, range(3), {.placement = Placement::cores}); }),
                     {"placement cores", "pool"}) == "");
}

#if !defined(__SANITIZE_THREAD__)
TEST_CASE("a worker that replaces a dead one has its place and its part of the slices",
          "[contract][placement][crash]") {
    constexpr std::int64_t kSlices = 12;
    const auto input = numbered_volume<float>({kSlices, 4, 8});
    const auto output = constant_volume<float>({kSlices, 4, 8}, 0);
    const SharedCounters counters(2);
    const Report report =
        run_on_nodes(Backend::processes, 2, input, output, [&](SliceView<const float> in, SliceView<float> out) {
            if (current_slice() >= kSlices / 2 && ++counters[0] <= 2) std::raise(SIGKILL);
            if (os::usable_core_numbers().size() != 1) ++counters[1];
            out = in;
        });
    CHECK(report.ok());
    CHECK(report.retries() == 2);
    CHECK(differing_pixels(input, output) == 0);
    CHECK(counters[1] == 0);
}
#endif
