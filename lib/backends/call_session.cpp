#include "backends/call_session.hpp"

#include "os/futex.hpp"
#include "worker/failure_text.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <functional>
#include <new>
#include <string_view>

namespace slicepool {
namespace {

/// More failed calls than this are counted, but not kept one by one.
constexpr std::size_t kMostFailures = 100'000;
constexpr std::size_t kSlowest = 10;

template <class T>
T read_as(std::span<const std::byte> bytes) noexcept {
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
}

}  // namespace

/// The only worker is the caller itself.
class CallSession::DirectOutbox final : public Outbox {
public:
    explicit DirectOutbox(CallSession& session) noexcept : session_(session) {}
    bool send(std::span<const std::byte> message) noexcept override {
        std::vector<std::byte>& bytes = session_.inboxes_[0].bytes;
        bytes.insert(bytes.end(), message.begin(), message.end());
        session_.read_messages(0);
        session_.move_window();
        return true;
    }

private:
    CallSession& session_;
};

CallSession::CallSession(const ControlArea& control, const Job& job)
    : RunSession(control, job), inboxes_(control.mailboxes().size()) {
    deal_chunks();
    control.header().window.end.store(0);
    move_window();
}

void CallSession::deal_chunks() {
    const std::int64_t count = job().order.chunk_count;
    begins_.reserve(static_cast<std::size_t>(count) + 1);
    next_.reserve(static_cast<std::size_t>(count));
    begins_.push_back(0);
    for (ChunkRecord& record : control().chunks(count)) {
        const std::int64_t begin = begins_.back();
        const std::int64_t end = begin + job().chunks.next(job().call_count - begin);
        ::new (&record) ChunkRecord{begin, end, {begin}, {-1}};
        begins_.push_back(end);
        next_.push_back(begin);
    }
}

WorkPlace CallSession::place(Owner owner) const noexcept {
    return {.owner = owner,
            .ledger = ledger(),
            .mailbox = &control().mailboxes()[owner.slot],
            .stop = &control().header().stop,
            .window = &control().header().window,
            .chunks = control().chunks(job().order.chunk_count)};
}

std::unique_ptr<Outbox> CallSession::direct_outbox() { return std::make_unique<DirectOutbox>(*this); }

void CallSession::hear() {
    for (std::size_t slot = 0; slot < inboxes_.size(); ++slot) {
        Inbox& inbox = inboxes_[slot];
        if (inbox.garbled) continue;
        ResultRing ring = control().ring(slot);
        const std::uint32_t room = ring.counters().room.load();
        if (!ring.take(inbox.bytes)) {
            inbox.garbled = true;
            continue;
        }
        if (ring.counters().room.load() != room) os::wake_all(ring.counters().room);
        read_messages(slot);
    }
    move_window();
}

void CallSession::move_window() {
    ControlHeader& header = control().header();
    const std::int64_t count = job().order.chunk_count;
    while (first_open_ < count && next_[static_cast<std::size_t>(first_open_)] >= end_of(first_open_)) ++first_open_;
    header.window.begin.store(first_open_, std::memory_order_relaxed);
    const std::int64_t allowance = job().sink->allowance();
    const std::int64_t offered_before = offered_;
    while (offered_ < count && begins_[static_cast<std::size_t>(offered_)] < allowance) ++offered_;
    if (offered_ == offered_before) return;
    header.window.end.store(offered_, std::memory_order_release);
    ++header.offered;
    os::wake_all(header.offered);
}

void CallSession::forget_worker(std::size_t slot) {
    inboxes_[slot] = {};
    control().ring(slot).clear();
}

void CallSession::read_messages(std::size_t slot) {
    Inbox& inbox = inboxes_[slot];
    std::span<const std::byte> rest(inbox.bytes);
    while (rest.size() >= sizeof(CallMessage)) {
        const auto message = read_as<CallMessage>(rest);
        if (!is_plausible(message, slot)) {
            inbox.garbled = true;
            break;
        }
        if (rest.size() - sizeof(CallMessage) < message.bytes) break;  // the end is still to come
        const auto bytes = static_cast<std::size_t>(message.bytes);
        if (!take_message(message, rest.subspan(sizeof(CallMessage), bytes), slot)) {
            inbox.garbled = true;
            break;
        }
        rest = rest.subspan(sizeof(CallMessage) + bytes);
    }
    inbox.bytes.erase(inbox.bytes.begin(), inbox.bytes.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

bool CallSession::is_plausible(const CallMessage& message, std::size_t slot) const noexcept {
    if (message.chunk < 0 || message.chunk >= job().order.chunk_count) return false;
    const TaskEntry entry = ledger().entry(message.chunk);
    const bool is_owner = entry.state != TaskState::waiting && entry.owner.slot == slot;
    return is_owner && message.first == next_[static_cast<std::size_t>(message.chunk)] && message.calls > 0 &&
           message.calls <= end_of(message.chunk) - message.first &&
           message.bytes / sizeof(CallResult) >= static_cast<std::uint64_t>(message.calls);
}

bool CallSession::take_message(const CallMessage& message, std::span<const std::byte> results, std::size_t slot) {
    std::int64_t& next = next_[static_cast<std::size_t>(message.chunk)];
    for (std::int64_t call = 0; call < message.calls; ++call) {
        if (results.size() < sizeof(CallResult)) return false;
        const auto result = read_as<CallResult>(results);
        results = results.subspan(sizeof(CallResult));
        if (result.bytes > results.size()) return false;
        const auto bytes = static_cast<std::size_t>(result.bytes);
        if (!take_result(next, result, results.first(bytes), slot)) return false;
        results = results.subspan(bytes);
        ++next;
    }
    return results.empty();
}

bool CallSession::take_result(std::int64_t index, const CallResult& result, std::span<const std::byte> bytes,
                              std::size_t slot) {
    const auto failed = [&](std::string text, std::string_view type) {
        note_failure(index, {std::move(text), std::string(type), result.seconds, static_cast<int>(slot)});
    };
    switch (result.fate) {
        case CallFate::done: break;
        case CallFate::failed: {
            const auto [type, text] = split_failure({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
            failed(std::string(text), type);
            return true;
        }
        case CallFate::skipped: return given_up_.contains(index);
        default: return false;
    }
    try {
        ByteReader reader(bytes);
        job().sink->take(index, reader);
        if (reader.remaining() != 0) throw FormatError("the result has bytes left over");
    } catch (const std::exception& error) {
        failed(std::string("its result could not be read: ") + error.what(), ThrownType().name());
        return true;
    }
    ++done_;
    note_time(index, result.seconds);
    return true;
}

void CallSession::note_time(std::int64_t index, double seconds) {
    constexpr std::greater<> quickest_on_top;
    if (slowest_.size() == kSlowest) {
        if (seconds <= slowest_.front().first) return;
        std::ranges::pop_heap(slowest_, quickest_on_top);
        slowest_.pop_back();
    }
    slowest_.emplace_back(seconds, index);
    std::ranges::push_heap(slowest_, quickest_on_top);
}

void CallSession::note_failure(std::int64_t index, Failure failure) {
    job().sink->miss(index);
    failures_.insert_or_assign(index, std::move(failure));
    if (failures_.size() <= kMostFailures) return;
    failures_.erase(std::prev(failures_.end()));  // those of lowest index are kept
    ++unlisted_failures_;
}

void CallSession::give_up(std::int64_t index) {
    given_up_.insert(index);
    job().sink->miss(index);
}

TaskBook::Settlement CallSession::settle(const Claim& claim, std::int64_t item, const Cause& cause, bool charge,
                                         int max_attempts) {
    SliceLedger words = ledger();
    ChunkRecord& record = control().chunks(job().order.chunk_count)[static_cast<std::size_t>(claim.task)];
    std::int64_t& next = next_[static_cast<std::size_t>(claim.task)];
    const std::int64_t end = end_of(claim.task);
    Settlement change;
    if (charge && next < end) {
        // Outside a call (or with a scribbled mailbox) the first that has not come back takes the blame.
        if (item < next || item >= end || given_up_.contains(item)) item = next;
        std::vector<Cause>& causes = causes_[item];
        causes.push_back(cause);
        if (static_cast<int>(causes.size()) < max_attempts) {
            change.to_retry = 1;
        } else {
            change.given_up = 1;
            give_up(item);
            // Calls before it whose results were lost with the worker are done again, and it is passed over.
            if (item == next)
                ++next;
            else
                record.skip.store(item);
        }
    }
    record.next.store(next);
    // With nothing left the word is closed by whichever end: what has come back counts, not the word.
    static_cast<void>(next < end ? words.give_back(claim) : words.give_up(claim));
    return change;
}

TaskBook::Settlement CallSession::abandon(const Claim& claim, const Cause& cause) {
    SliceLedger words = ledger();
    Settlement change;
    std::int64_t& next = next_[static_cast<std::size_t>(claim.task)];
    for (; next < end_of(claim.task); ++next) {
        if (given_up_.contains(next)) continue;
        causes_[next].push_back(cause);
        give_up(next);
        ++change.given_up;
    }
    static_cast<void>(words.give_up(claim));
    return change;
}

bool CallSession::contradicts(std::int64_t done_task) {
    hear();  // what its owner sent before it committed is here by now
    return next_[static_cast<std::size_t>(done_task)] < end_of(done_task);
}

void CallSession::report_items(Report& report) {
    report.item = "call";
    std::int64_t listed_done = 0;
    std::int64_t listed_other = 0;
    const auto list = [&](std::int64_t index, std::vector<Cause> causes, const Failure* failure) {
        SliceOutcome outcome{.index = index, .causes = std::move(causes)};
        if (failure != nullptr) {
            outcome.causes.push_back({.kind = SliceStatus::failed,
                                      .text = failure->text,
                                      .type = failure->type,
                                      .stderr_tail = words_of(index)});
            outcome.seconds = failure->seconds;
            outcome.worker = failure->worker;
        }
        // It was tried again: it is done once its chunk has come further, and else was never told of.
        const auto chunk = static_cast<std::size_t>(std::ranges::upper_bound(begins_, index) - begins_.begin() - 1);
        const bool is_done = failure == nullptr && !given_up_.contains(index) && index < next_[chunk];
        outcome.status = is_done ? SliceStatus::done : outcome.causes.back().kind;
        outcome.attempts = static_cast<int>(outcome.causes.size()) + (is_done ? 1 : 0);
        (is_done ? listed_done : listed_other) += 1;
        report.slices.push_back(std::move(outcome));
    };
    auto failure = failures_.begin();
    for (const auto& [index, causes] : causes_) {
        for (; failure != failures_.end() && failure->first < index; ++failure)
            list(failure->first, {}, &failure->second);
        const bool also_failed = failure != failures_.end() && failure->first == index;
        list(index, causes, also_failed ? &failure->second : nullptr);
        if (also_failed) ++failure;
    }
    for (; failure != failures_.end(); ++failure) list(failure->first, {}, &failure->second);
    report.unlisted_done = done_ - listed_done;
    report.unlisted_failed = unlisted_failures_;
    report.unlisted_not_run = job().call_count - done_ - listed_other - unlisted_failures_;
    std::ranges::sort(slowest_, std::greater<>());
    for (const auto& [seconds, index] : slowest_) report.slowest.push_back({index, seconds});
}

}  // namespace slicepool
