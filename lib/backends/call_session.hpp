// call_session.hpp: a run of calls: chunks in shared memory, results through rings, what has come of each call here.
// Results are bytes to it; their types are the sink's.
#pragma once

#include "backends/run_session.hpp"

#include "os/event.hpp"
#include "worker/call_message.hpp"

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace slicepool {

/// What it hears from workers it checks: a worker whose memory was overwritten can send anything.
class CallSession final : public RunSession, private TaskBook {
public:
    CallSession(const ControlArea& control, const Job& job);

    [[nodiscard]] TaskBook& book() noexcept override { return *this; }
    [[nodiscard]] WorkPlace place(Owner owner) const noexcept override;
    [[nodiscard]] std::unique_ptr<Outbox> direct_outbox() override;

private:
    class DirectOutbox;
    struct Inbox {
        std::vector<std::byte> bytes;
        bool garbled = false;
    };
    struct Failure {
        std::string text;
        std::string type;
        double seconds = 0.0;
        int worker = 0;
    };

    [[nodiscard]] std::int64_t item_count() const noexcept override { return job().call_count; }
    void hear() override;
    [[nodiscard]] bool is_garbled(std::size_t slot) const noexcept override { return inboxes_[slot].garbled; }
    void forget_worker(std::size_t slot) override;
    Settlement settle(const Claim& claim, std::int64_t item, const Cause& cause, bool charge,
                      int max_attempts) override;
    Settlement abandon(const Claim& claim, const Cause& cause) override;
    [[nodiscard]] bool contradicts(std::int64_t done_task) override;

    void report_items(Report& report) override;
    [[nodiscard]] std::int64_t index_of(std::int64_t item) const noexcept override { return item; }

    void deal_chunks();
    void move_window();
    void read_messages(std::size_t slot);
    [[nodiscard]] bool is_plausible(const CallMessage& message, std::size_t slot) const noexcept;
    /// False when it makes no sense.
    [[nodiscard]] bool take_message(const CallMessage& message, std::span<const std::byte> results, std::size_t slot);
    [[nodiscard]] bool take_result(std::int64_t index, const CallResult& result, std::span<const std::byte> bytes,
                                   std::size_t slot);
    void note_failure(std::int64_t index, Failure failure);
    void note_time(std::int64_t index, double seconds);
    void give_up(std::int64_t index);
    [[nodiscard]] std::int64_t end_of(std::int64_t chunk) const noexcept {
        return begins_[static_cast<std::size_t>(chunk) + 1];
    }

    std::vector<std::int64_t> begins_;  // by chunk, and the end of the last: what workers see is a copy
    std::vector<std::int64_t> next_;    // by chunk: the first call that is not settled
    std::vector<Inbox> inboxes_;        // by slot
    std::int64_t first_open_ = 0;       // all chunks before it are settled
    std::int64_t offered_ = 0;          // chunks from here on have to wait
    std::int64_t done_ = 0;
    std::map<std::int64_t, Failure> failures_;
    std::int64_t unlisted_failures_ = 0;
    std::set<std::int64_t> given_up_;
    std::vector<std::pair<double, std::int64_t>> slowest_;  // a heap, the quickest of them first
};

/// While it lives a sink that allows more calls rings the bell.
class SinkRings {
public:
    SinkRings(CallSink* sink, const os::Event& bell) : sink_(sink) {
        if (sink_ != nullptr) sink_->wake_with([&bell] { bell.ring(); });
    }
    ~SinkRings() {
        if (sink_ != nullptr) sink_->wake_with({});
    }
    SinkRings(const SinkRings&) = delete;
    SinkRings& operator=(const SinkRings&) = delete;

private:
    CallSink* sink_;
};

}  // namespace slicepool
