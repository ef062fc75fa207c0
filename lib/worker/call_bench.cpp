#include "worker/call_bench.hpp"

#include "worker/call_message.hpp"
#include "worker/failure_text.hpp"
#include "worker/floating_point_kept.hpp"
#include "worker/now.hpp"

#include <slicepool/core/shipment.hpp>
#include "core/current_slice_scope.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace slicepool {
namespace {

constexpr std::int64_t kLongestSilenceNs = 1'000'000;
constexpr std::size_t kLargestMessage = std::size_t{32} << 10;  // unless one result alone is larger

/// Room for a value in front of bytes that are not known yet.
template <class T>
std::size_t leave_room(std::vector<std::byte>& bytes) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof(T));
    return at;
}

template <class T>
void put(std::vector<std::byte>& bytes, std::size_t at, const T& value) noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(bytes.data() + at, &value, sizeof(T));
}

class CallBench final : public Bench {
public:
    CallBench(const WorkOrder& order, WorkPlace& place) : order_(order), place_(place) {
        message_.reserve(kLargestMessage);
    }

    void do_task(const Claim& claim) noexcept override {
        const ChunkRecord& chunk = place_.chunks[static_cast<std::size_t>(claim.task)];
        const std::int64_t start = now_ns();
        std::int64_t unset = 0;
        place_.mailbox->first_claim_ns.compare_exchange_strong(unset, start);
        const bool whole = do_calls(claim, chunk, start);
        place_.mailbox->busy_ns.fetch_add(now_ns() - start, std::memory_order_relaxed);
        if (whole) static_cast<void>(place_.ledger.commit(claim));
    }

private:
    /// True when every result of the chunk has been sent.
    bool do_calls(const Claim& claim, const ChunkRecord& chunk, std::int64_t now) noexcept {
        const FloatingPointKept kept;
        // A chunk that killed its worker is told call by call: whichever does it again, no other is done again.
        const bool told_one_by_one = claim.entry.attempt > 0;
        const std::int64_t skip = chunk.skip.load(std::memory_order_relaxed);
        std::int64_t index = std::max(chunk.begin, chunk.next.load(std::memory_order_relaxed));
        begin_message(claim.task, index, now);
        while (index < chunk.end && place_.stop->load(std::memory_order_relaxed) == 0) {
            if (index == skip)
                put(message_, leave_room<CallResult>(message_), CallResult{CallFate::skipped, 0.0F, 0});
            else
                now = do_call(index, now);
            ++header_.calls;
            ++index;
            if (told_one_by_one || now - message_begun_ > kLongestSilenceNs || message_.size() >= kLargestMessage) {
                if (!send()) return false;
                begin_message(claim.task, index, now);
            }
        }
        return send() && index >= chunk.end;
    }

    void begin_message(std::int64_t task, std::int64_t first, std::int64_t now) noexcept {
        header_ = {.chunk = task, .first = first, .calls = 0, .bytes = 0};
        message_begun_ = now;
        failed_ = 0;
        message_.clear();
        static_cast<void>(leave_room<CallMessage>(message_));
    }

    bool send() noexcept {
        if (header_.calls == 0) return true;
        header_.bytes = message_.size() - sizeof(CallMessage);
        put(message_, 0, header_);
        if (!place_.outbox->send(message_)) return false;
        place_.mailbox->slices_done.fetch_add(header_.calls - failed_, std::memory_order_relaxed);
        place_.mailbox->slices_failed.fetch_add(failed_, std::memory_order_relaxed);
        return true;
    }

    /// When it ended.
    std::int64_t do_call(std::int64_t index, std::int64_t start) noexcept {
        // The start goes first: a deadline must never be taken from the call before.
        place_.mailbox->slice_start_ns.store(start, std::memory_order_relaxed);
        place_.mailbox->slice.store(index, std::memory_order_release);
        const std::size_t at = leave_room<CallResult>(message_);
        CallResult result;
        try {
            const CurrentSliceScope named(index);
            if (!kernel_) kernel_ = order_.call.prepare();
            ByteWriter writer(message_);
            kernel_->call(index, writer);
        } catch (const std::exception& error) {
            const std::string_view text = error.what();
            fail(at, result, text.empty() ? "an exception without text" : text);
        } catch (...) {
            fail(at, result, "an exception that is no std::exception");
        }
        if (result.fate == CallFate::failed && place_.mailbox->note_failure(index)) place_.alert();
        place_.mailbox->step();
        place_.mailbox->slice.store(-1, std::memory_order_release);
        const std::int64_t end = now_ns();
        result.seconds = static_cast<float>(1e-9 * static_cast<double>(end - start));
        result.bytes = message_.size() - at - sizeof(CallResult);
        put(message_, at, result);
        return end;
    }

    /// In the handler of what was thrown.
    void fail(std::size_t at, CallResult& result, std::string_view why) noexcept {
        message_.resize(at + sizeof(CallResult));
        const ThrownType type;
        for (const std::string_view part : {type.name(), std::string_view(&kTypeEnd, 1), why}) {
            const auto* const bytes = reinterpret_cast<const std::byte*>(part.data());
            message_.insert(message_.end(), bytes, bytes + part.size());
        }
        result.fate = CallFate::failed;
        ++failed_;
        if (order_.abort_on_failure) place_.stop->store(1, std::memory_order_relaxed);
    }

    const WorkOrder& order_;
    WorkPlace& place_;
    std::unique_ptr<CallKernel> kernel_;
    std::vector<std::byte> message_;
    CallMessage header_;
    std::int64_t message_begun_ = 0;
    std::int64_t failed_ = 0;
};

}  // namespace

std::unique_ptr<Bench> make_call_bench(const WorkOrder& order, WorkPlace& place) {
    return std::make_unique<CallBench>(order, place);
}

}  // namespace slicepool
