// What became of the slices: texts of failures and the workers' mailboxes.
#include "ledger/slice_record.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace slicepool;

TEST_CASE("a text is read back under its number", "[ledger][record]") {
    const auto board = std::make_unique<MessageBoard>();
    const std::uint32_t first = board->write("bad row");
    const std::uint32_t second = board->write("");
    CHECK(first != 0);
    CHECK(second != first);
    CHECK(board->read(first) == "bad row");
    CHECK(board->read(second).empty());
}

TEST_CASE("a long text is cut and a text with a nought inside ends there", "[ledger][record]") {
    const auto board = std::make_unique<MessageBoard>();
    const std::string text(1000, 'x');
    CHECK(board->read(board->write(text)) == text.substr(0, MessageBoard::kMessageBytes - 1));
    const std::string fits(MessageBoard::kMessageBytes - 1, 'y');
    CHECK(board->read(board->write(fits)) == fits);
    CHECK(board->read(board->write(std::string_view("ab\0cd", 5))) == "ab");
}

TEST_CASE("a text is not cut inside a character of several bytes", "[ledger][record]") {
    const auto board = std::make_unique<MessageBoard>();
    std::string text(MessageBoard::kMessageBytes - 2, 'x');
    text += "\xc3\xa4\xc3\xa4";  // two umlauts, the first of which would be halved
    CHECK(board->read(board->write(text)) == text.substr(0, MessageBoard::kMessageBytes - 2));
}

TEST_CASE("a shorter text written over a longer one leaves nothing of it", "[ledger][record]") {
    const auto board = std::make_unique<MessageBoard>();
    const std::uint32_t number = board->write("a long text of the last run");
    board->clear();
    CHECK(board->write("short") == number);
    CHECK(board->read(number) == "short");
}

TEST_CASE("a full board takes no more texts and keeps those it has", "[ledger][record]") {
    const auto board = std::make_unique<MessageBoard>();
    for (std::uint32_t i = 0; i < MessageBoard::kMessages; ++i) REQUIRE(board->write(std::to_string(i)) == i + 1);
    for (int i = 0; i < 5; ++i) CHECK(board->write("one too many") == 0);
    CHECK(board->read(1) == "0");
    CHECK(board->read(MessageBoard::kMessages) == std::to_string(MessageBoard::kMessages - 1));
    board->clear();
    CHECK(board->write("room again") == 1);
}

TEST_CASE("a number that no board has reads as nothing", "[ledger][record]") {
    const auto board = std::make_unique<MessageBoard>();
    CHECK(board->read(0).empty());
    CHECK(board->read(MessageBoard::kMessages + 1).empty());
    CHECK(board->read(0xffffffffU).empty());
    CHECK(board->read(1).empty());
}

TEST_CASE("memory that was filled with anything reads as a text of bounded length", "[ledger][record]") {
    const auto board = std::make_unique<MessageBoard>();
    std::fill_n(reinterpret_cast<char*>(board.get()), sizeof(MessageBoard), 'Z');
    CHECK(board->read(7) == std::string(MessageBoard::kMessageBytes, 'Z'));
    CHECK(board->write("the counter is scribbled too") == 0);
}

TEST_CASE("many threads write each text under a number of its own", "[ledger][record][threads]") {
    const auto board = std::make_unique<MessageBoard>();
    constexpr int kThreads = 4;
    constexpr int kEach = 300;
    std::vector<std::vector<std::uint32_t>> numbers(kThreads);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&, thread] {
            for (int i = 0; i < kEach; ++i)
                numbers[static_cast<std::size_t>(thread)].push_back(board->write(std::to_string(thread * 1000 + i)));
        });
    for (std::thread& thread : threads) thread.join();
    std::uint32_t written = 0;
    for (int thread = 0; thread < kThreads; ++thread)
        for (int i = 0; i < kEach; ++i) {
            const std::uint32_t number = numbers[static_cast<std::size_t>(thread)][static_cast<std::size_t>(i)];
            if (number == 0) continue;
            ++written;
            CHECK(board->read(number) == std::to_string(thread * 1000 + i));
        }
    CHECK(written == MessageBoard::kMessages);
}

TEST_CASE("a mailbox reset is as new, but for the run its worker last left", "[ledger][record]") {
    WorkerMailbox mailbox;
    mailbox.slice = 5;
    for (auto* number : {&mailbox.slice_start_ns, &mailbox.slices_done, &mailbox.slices_failed, &mailbox.busy_ns,
                         &mailbox.cpu_ns, &mailbox.first_claim_ns})
        number->store(77);
    mailbox.finished_run = 9;
    mailbox.reset();
    CHECK(mailbox.slice == -1);
    for (auto* number : {&mailbox.slice_start_ns, &mailbox.slices_done, &mailbox.slices_failed, &mailbox.busy_ns,
                         &mailbox.cpu_ns, &mailbox.first_claim_ns})
        CHECK(number->load() == 0);
    CHECK(mailbox.finished_run == 9);
    STATIC_REQUIRE(alignof(WorkerMailbox) >= 64);  // no two workers write one cache line
    STATIC_REQUIRE(sizeof(WorkerMailbox) % 64 == 0);
}
