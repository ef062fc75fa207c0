// Waiting: futex words shared by processes, events, channels. A wake-up crosses a fork; a time limit ends every wait.
#include "os/futex.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <new>
#include <thread>
#include <vector>

#include "os/channel.hpp"
#include "os/event.hpp"
#include "os/forked.hpp"
#include "os/mapping.hpp"
#include "support/catch.hpp"
#include "support/leftovers.hpp"
#include "support/watchdog.hpp"

using namespace slicepool;
using namespace std::chrono_literals;
using slicepool::test::ending_of;
using slicepool::test::forked;
using slicepool::test::start_forked;

namespace {

struct SharedWords {
    os::Mapping mapping = os::Mapping::of_file(os::sealed_memory_file("test", os::page_bytes()).get(), 0,
                                               os::page_bytes(), os::Access::read_write, "test");
    os::FutexWord& word = *::new (mapping.data()) os::FutexWord(0);
    os::FutexWord& woken = *::new (mapping.data() + 64) os::FutexWord(0);
};

template <class Message>
std::span<std::byte> bytes_of(Message& message) {
    return std::as_writable_bytes(std::span(&message, 1));
}

}  // namespace

TEST_CASE("a wait on a word that has changed already returns at once", "[os][futex]") {
    const test::Watchdog watchdog("waiting for a changed word");
    os::FutexWord word{5};
    os::wait_while_equal(word, 4, 1h);
    SUCCEED("it returned");
}

TEST_CASE("a wait that nobody ends ends with its time limit", "[os][futex]") {
    const test::Watchdog watchdog("waiting for a word that stays");
    os::FutexWord word{5};
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < 20ms) os::wait_while_equal(word, 5, 20ms);  // it may return early
    SUCCEED("it returned");
}

TEST_CASE("a wake-up reaches every process that sleeps on the word", "[os][futex]") {
    const test::Watchdog watchdog("waking forked processes");
    SharedWords shared;
    std::vector<pid_t> sleepers;
    for (int i = 0; i < 3; ++i)
        sleepers.push_back(start_forked([&] {
            while (shared.word.load() == 0) os::wait_while_equal(shared.word, 0, 1h);
            ++shared.woken;
            return 0;
        }));
    std::this_thread::sleep_for(20ms);  // so that most of them sleep; late ones see the new value
    shared.word = 1;
    os::wake_all(shared.word);
    for (const pid_t sleeper : sleepers) CHECK(ending_of(sleeper).code == 0);
    CHECK(shared.woken == 3);
}

TEST_CASE("an event rings across a fork and can be forgotten", "[os][event]") {
    const test::Watchdog watchdog("ringing from a forked process");
    const os::Event event;
    const std::array fds{event.fd()};
    CHECK(os::wait_readable(fds, 0ns) == std::vector<bool>{false});
    CHECK(forked([&] {
              event.ring();
              event.ring();
              return 0;
          }).code == 0);
    CHECK(os::wait_readable(fds, 1h) == std::vector<bool>{true});
    CHECK(os::wait_readable(fds, 1h) == std::vector<bool>{true});
    event.clear();
    event.clear();
    CHECK(os::wait_readable(fds, 0ns) == std::vector<bool>{false});
}

TEST_CASE("waiting on several descriptors says which are readable", "[os][event]") {
    const test::Watchdog watchdog("waiting on several descriptors");
    const os::Event quiet;
    const os::Event loud;
    loud.ring();
    const std::array fds{quiet.fd(), loud.fd(), quiet.fd()};
    CHECK(os::wait_readable(fds, 1h) == std::vector<bool>{false, true, false});
    CHECK(os::wait_readable({}, 1ms).empty());
}

TEST_CASE("a channel keeps messages apart and in order, both ways", "[os][channel]") {
    const test::Watchdog watchdog("a channel");
    const auto [here, there] = os::make_channel();
    for (const int number : {1, 2, 3}) {
        int message = number;
        REQUIRE(os::send_message(here.get(), bytes_of(message)));
    }
    os::FileDescriptor attached;
    for (const int expected : {1, 2, 3}) {
        int message = 0;
        REQUIRE(os::receive_message(there.get(), bytes_of(message), attached, 1h) == os::Received::message);
        CHECK(message == expected);
        CHECK_FALSE(attached);
    }
    int answer = 7;
    REQUIRE(os::send_message(there.get(), bytes_of(answer)));
    int message = 0;
    CHECK(os::receive_message(here.get(), bytes_of(message), attached, 1h) == os::Received::message);
    CHECK(message == 7);
    CHECK(os::receive_message(here.get(), bytes_of(message), attached, 1ms) == os::Received::timed_out);
}

TEST_CASE("a descriptor travels with a message, from one process to another", "[os][channel]") {
    const test::Watchdog watchdog("a descriptor on its way");
    const test::Leftovers leftovers;
    {
        const auto [here, there] = os::make_channel();
        const pid_t child = start_forked([&] {
            const os::Event event;
            event.ring();
            int message = 5;
            return os::send_message(there.get(), bytes_of(message), event.fd()) ? 0 : 1;
        });
        int message = 0;
        os::FileDescriptor attached;
        REQUIRE(os::receive_message(here.get(), bytes_of(message), attached, 1h) == os::Received::message);
        CHECK(ending_of(child).code == 0);
        REQUIRE(attached);
        CHECK(os::wait_readable(std::array{attached.get()}, 1h) == std::vector<bool>{true});
    }
    CHECK(leftovers.found() == "");
}

TEST_CASE("a closed channel is noticed on both sides, without a signal", "[os][channel]") {
    const test::Watchdog watchdog("a closed channel");
    auto [here, there] = os::make_channel();
    there.reset();
    int message = 1;
    CHECK_FALSE(os::send_message(here.get(), bytes_of(message)));
    os::FileDescriptor attached;
    CHECK(os::receive_message(here.get(), bytes_of(message), attached, 1h) == os::Received::closed);
}

TEST_CASE("a message of another length than agreed is not taken for one", "[os][channel]") {
    const test::Watchdog watchdog("a message of the wrong length");
    const auto [here, there] = os::make_channel();
    std::array<std::byte, 4> shorter{};
    std::array<std::byte, 8> agreed{};
    std::array<std::byte, 12> longer{};
    os::FileDescriptor attached;
    REQUIRE(os::send_message(here.get(), shorter));
    CHECK(os::receive_message(there.get(), agreed, attached, 1h) == os::Received::closed);
    REQUIRE(os::send_message(here.get(), longer));
    CHECK(os::receive_message(there.get(), agreed, attached, 1h) == os::Received::closed);
    REQUIRE(os::send_message(here.get(), agreed));
    CHECK(os::receive_message(there.get(), agreed, attached, 1h) == os::Received::message);
}
