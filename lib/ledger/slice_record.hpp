// slice_record.hpp: what became of each slice, in shared memory: written by the worker that has it, read by the host.
// Whether a task is finished is not here: only the ledger's words say that.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace slicepool {

enum class RecordState : std::uint8_t {
    open,    ///< not tried, or to be tried again
    done,    ///< in the output (for a group of slices: once the group's task is done)
    failed,  ///< its function threw
    closed,  ///< the supervisor gave it up: workers pass it over
};

/// One slice. The owner of the slice's task writes; the supervisor writes only when that owner was reaped. Plain fields
/// are published by the ledger's commit. Read with care while workers live: a stray write may have left anything.
struct SliceRecord {
    std::atomic<RecordState> state{RecordState::open};
    std::uint16_t worker = 0;    ///< slot
    std::uint32_t message = 0;   ///< message board number of the failure's text plus 1, or 0
    float start_seconds = 0.0F;  ///< from the run's start
    float seconds = 0.0F;
};
static_assert(sizeof(SliceRecord) == 16 && std::atomic<RecordState>::is_always_lock_free);

/// Texts of failures, a fixed number of short ones: taken by counting, so that a kill loses one text at most. Beyond the
/// board's size failures go without text.
class MessageBoard {
public:
    static constexpr std::uint32_t kMessages = 1024;
    static constexpr std::size_t kMessageBytes = 256;

    /// Number plus 1 of the text written, or 0 when the board is full. Cuts long texts.
    [[nodiscard]] std::uint32_t write(std::string_view text) noexcept;
    /// The text written under `number`, checked: empty for 0 and for numbers no board has.
    [[nodiscard]] std::string_view read(std::uint32_t number) const noexcept;
    /// Before a run.
    void clear() noexcept { next_.store(0, std::memory_order_relaxed); }

private:
    std::atomic<std::uint32_t> next_{0};
    char texts_[kMessages][kMessageBytes] = {};
};

/// One worker's own lines: what it is doing right now, for the host to look at. Only that worker writes, but for
/// `admitted` and what the host takes back.
struct alignas(128) WorkerMailbox {
    std::atomic<std::int64_t> slice{-1};          ///< position in the run of the slice in the filter now, or -1
    std::atomic<std::int64_t> slice_start_ns{0};  ///< steady clock
    std::atomic<std::int64_t> slices_done{0};
    std::atomic<std::int64_t> slices_failed{0};
    std::atomic<std::int64_t> busy_ns{0};
    std::atomic<std::int64_t> cpu_ns{0};
    std::atomic<std::int64_t> first_claim_ns{0};    ///< steady clock, 0 before; of the first to sit here in the run
    std::atomic<std::int64_t> unheard_failure{-1};  ///< position of the first that failed since the host last took one
    std::atomic<std::uint64_t> steps{0};            ///< counts up at every claim, slice, commit and look for more
    std::atomic<std::uint32_t> admitted{0};         ///< incarnation the host knows to sit here; written by the host
    std::atomic<std::uint32_t> finished_run{0};     ///< the last run this worker left
    std::atomic<std::uint32_t> retired{0};          ///< 1: it is about to end in order
    std::atomic<std::uint32_t> asked_to_retire{0};  ///< 1: it shall do so before its next claim; written by the host

    /// For the worker.
    void step() noexcept { steps.store(steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

    /// For the worker, when the user's code has failed at `position`. True when the host should be told at once: it has
    /// taken all that failed before.
    [[nodiscard]] bool note_failure(std::int64_t position) noexcept {
        std::int64_t none = -1;
        return unheard_failure.compare_exchange_strong(none, position, std::memory_order_release);
    }

    /// As at the start of a run. For the host, while the worker is idle.
    void reset() noexcept;
    /// As for a worker that is about to be born into the run. For the host, while the seat is empty.
    void reset_for_newborn() noexcept;
};

}  // namespace slicepool
