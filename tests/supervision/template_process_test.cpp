// The template process: its workers are ours, it may be killed, and nobody outlives the host.
#include "supervision/template_process.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "os/forked.hpp"
#include "os/mapping.hpp"
#include "support/catch.hpp"
#include "support/leftovers.hpp"
#include "support/watchdog.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using namespace std::chrono_literals;

namespace {

/// What workers tell: in memory that all of them share.
struct Told {
    std::atomic<std::int64_t> pids[8]{};
    std::atomic<std::int64_t> parents[8]{};
    std::atomic<std::int64_t> sessions[8]{};
    std::atomic<std::uint32_t> incarnations[8]{};
};

struct Shared {
    os::Mapping mapping = os::Mapping::of_file(os::sealed_memory_file("test", os::page_bytes()).get(), 0,
                                               os::page_bytes(), os::Access::read_write, "test");
    Told& told = *::new (mapping.data()) Told;
};

/// Workers that write down who they are and then end at once, or wait to be killed.
WorkerMain writes_down(Told& told, bool then_waits) {
    return [&told, then_waits](Owner owner) {
        told.parents[owner.slot] = ::getppid();
        told.sessions[owner.slot] = ::getsid(0);
        told.incarnations[owner.slot] = owner.incarnation;
        told.pids[owner.slot] = ::getpid();
        while (then_waits) ::pause();
    };
}

void wait_until_set(const std::atomic<std::int64_t>& number) {
    while (number == 0) std::this_thread::sleep_for(1ms);
}

}  // namespace

TEST_CASE("workers forked by the template are children of this process, in a session of their own",
          "[supervision][template]") {
    const test::Watchdog watchdog("workers that end by themselves");
    Shared shared;
    const test::Leftovers leftovers;
    {
        TemplateProcess source(writes_down(shared.told, false));
        CHECK(test::is_running(source.pid()));
        for (std::uint16_t slot = 0; slot < 3; ++slot) {
            os::Child worker = source.spawn({slot, 10U + slot});
            const auto status = worker.reap_within(1h);
            REQUIRE(status);
            CHECK(status->known);
            CHECK(status->signal == 0);
            CHECK(status->code == 0);
            CHECK(shared.told.pids[slot] == worker.pid());
            CHECK(shared.told.parents[slot] == ::getpid());
            CHECK(shared.told.sessions[slot] != ::getsid(0));
            CHECK(shared.told.incarnations[slot] == 10U + slot);
        }
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a worker sees the memory of the moment the template was made", "[supervision][template]") {
    const test::Watchdog watchdog("a worker that reads a capture");
    Shared shared;
    std::vector<int> captured{1, 2, 3};
    TemplateProcess source(
        [&captured, &told = shared.told](Owner) { told.pids[0] = captured[0] + captured[1] + captured[2]; });
    captured = {50, 60, 70};
    os::Child worker = source.spawn({0, 1});
    REQUIRE(worker.reap_within(1h));
    CHECK(shared.told.pids[0] == 6);
}

TEST_CASE("a worker may exit, crash or be killed: the template goes on", "[supervision][template]") {
    const test::Watchdog watchdog("workers that end in many ways");
    const test::Leftovers leftovers;
    {
        TemplateProcess source([](Owner owner) {
            if (owner.slot == 1) std::exit(9);
            if (owner.slot == 2) ::_exit(3);
            if (owner.slot == 3) ::raise(SIGSEGV);
            if (owner.slot == 4) throw 42;  // NOLINT(hicpp-exception-baseclass)
        });
        const auto end_of = [&](std::uint16_t slot) { return source.spawn({slot, 1}).reap_within(1h).value(); };
        CHECK(end_of(1).code == 9);
        CHECK(end_of(2).code == 3);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        CHECK((end_of(3).signal != 0 || end_of(3).code != 0));  // sanitizers make exits of crashes
#else
        CHECK(end_of(3).signal == SIGSEGV);
#endif
        CHECK(end_of(4).signal == SIGABRT);
        CHECK(end_of(0).code == 0);
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a killed template is an error of its own kind, and its workers live on", "[supervision][template]") {
    const test::Watchdog watchdog("a killed template");
    Shared shared;
    const test::Leftovers leftovers;
    {
        TemplateProcess source(writes_down(shared.told, true));
        os::Child worker = source.spawn({0, 1});
        wait_until_set(shared.told.pids[0]);
        ::kill(static_cast<pid_t>(source.pid()), SIGKILL);
        try {
            // The signal may need a moment: until then workers are still to be had.
            for (std::uint32_t incarnation = 2;; ++incarnation) {
                os::Child another = source.spawn({1, incarnation});
                another.kill();
                static_cast<void>(another.reap_within(1h));
            }
        } catch (const SystemError& error) {
            CHECK(error.code().value() == EPIPE);
        }
        CHECK_THROWS_AS(source.spawn({1, 99}), SystemError);
        CHECK_FALSE(worker.try_reap());
        worker.kill();
        CHECK(worker.reap_within(1h)->signal == SIGKILL);
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("when the template object goes, its process and its workers go", "[supervision][template]") {
    const test::Watchdog watchdog("the end of a template");
    Shared shared;
    const test::Leftovers leftovers;
    {
        std::vector<os::Child> workers;
        {
            TemplateProcess source(writes_down(shared.told, true));
            for (std::uint16_t slot = 0; slot < 3; ++slot) workers.push_back(source.spawn({slot, 1}));
            for (std::uint16_t slot = 0; slot < 3; ++slot) wait_until_set(shared.told.pids[slot]);
        }
        for (os::Child& worker : workers) CHECK(worker.reap_within(1h).has_value());
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a template may be made and used from any thread, and outlive it", "[supervision][template]") {
    const test::Watchdog watchdog("a template made in a thread");
    Shared shared;
    std::unique_ptr<TemplateProcess> source;
    std::vector<os::Child> workers;
    std::thread([&] {
        source = std::make_unique<TemplateProcess>(writes_down(shared.told, true));
        workers.push_back(source->spawn({0, 1}));
    }).join();
    wait_until_set(shared.told.pids[0]);
    std::this_thread::sleep_for(20ms);  // time for the kernel to act on the thread's end, were it to
    CHECK_FALSE(workers[0].try_reap());
    os::Child late = source->spawn({1, 1});
    wait_until_set(shared.told.pids[1]);
    CHECK_FALSE(late.try_reap());
    source.reset();
    CHECK(workers[0].reap_within(1h).has_value());
    CHECK(late.reap_within(1h).has_value());
}

TEST_CASE("template and workers die with a host that is killed", "[supervision][template][crash]") {
    const test::Watchdog watchdog("a host that is killed");
    Shared shared;
    const pid_t host = test::start_forked([&] {
        TemplateProcess source(writes_down(shared.told, true));
        std::vector<os::Child> workers;
        for (std::uint16_t slot = 0; slot < 3; ++slot) workers.push_back(source.spawn({slot, 1}));
        for (std::uint16_t slot = 0; slot < 3; ++slot) wait_until_set(shared.told.pids[slot]);
        shared.told.pids[7] = source.pid();
        while (true) ::pause();
        return 0;
    });
    wait_until_set(shared.told.pids[7]);
    for (const int slot : {0, 1, 2, 7}) CHECK(test::is_running(shared.told.pids[slot]));
    ::kill(host, SIGKILL);
    CHECK(test::ending_of(host).signal == SIGKILL);
    for (const int slot : {0, 1, 2, 7})
        while (test::is_running(shared.told.pids[slot])) std::this_thread::sleep_for(1ms);
    SUCCEED("all are gone");
}

TEST_CASE("a host that leaves by exit leaves nobody behind", "[supervision][template][crash]") {
    const test::Watchdog watchdog("a host that exits");
    Shared shared;
    const auto ending = test::forked([&] {
        auto* const never_destroyed = new TemplateProcess(writes_down(shared.told, true));
        auto* const worker = new os::Child(never_destroyed->spawn({0, 1}));
        wait_until_set(shared.told.pids[0]);
        shared.told.pids[7] = never_destroyed->pid();
        return worker->pid() == shared.told.pids[0] ? 0 : 1;
    });
    CHECK(ending.code == 0);
    for (const int slot : {0, 7})
        while (test::is_running(shared.told.pids[slot])) std::this_thread::sleep_for(1ms);
    SUCCEED("all are gone");
}

TEST_CASE("templates made at once by several threads do not wait for each other", "[supervision][template]") {
    // What one template inherits of another's making, a descriptor perhaps, must not hold the other up.
    const test::Watchdog watchdog("templates made at once");
    const test::Leftovers leftovers;
    std::atomic<int> spawned{0};
    {
        std::vector<std::unique_ptr<TemplateProcess>> made[4];
        std::vector<std::thread> threads;
        for (auto& mine : made)
            threads.emplace_back([&] {
                for (std::uint32_t round = 0; round < 30; ++round) {
                    mine.push_back(std::make_unique<TemplateProcess>([](Owner) {}));
                    try {
                        if (mine.back()->spawn({0, round}).reap_within(30s)) ++spawned;
                    } catch (const SystemError&) {
                        return;  // counted as missing
                    }
                }
            });
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(spawned == 120);
    CHECK(leftovers.found() == "");
}
