// control_area.hpp: the shared memory through which a pool and its workers talk: the order, the ledger, the mailboxes.
// Never pixels. It lies in a mapping of its own between guard pages, so that no overrun of pixels reaches it.
#pragma once

#include "ledger/chunk_record.hpp"
#include "ledger/slice_ledger.hpp"
#include "ledger/slice_record.hpp"
#include "os/futex.hpp"
#include "os/mapping.hpp"
#include "worker/result_ring.hpp"
#include "worker/work_order.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace slicepool {

/// Bytes of captures a pool can ship to workers that exist already.
inline constexpr std::size_t kCaptureBytes = 4096;

/// Written by the host while no run is on, but for `stop` and `offered`.
struct ControlHeader {
    os::FutexWord run{0};      ///< odd while a run is on: its number; even between runs
    os::FutexWord offered{0};  ///< bumped when a task is offered again, or there is another reason to look
    std::atomic<std::uint32_t> stop{0};
    std::atomic<std::uint32_t> closing{0};
    ClaimWindow window;
    WorkOrder order;
    /// For workers made before the volumes were mapped: where to find the pixels (see worker_memory.hpp).
    struct Reach {
        std::uint64_t serial = 0;
        std::byte* begin = nullptr;
        std::size_t bytes = 0;
        int descriptor = -1;
        std::uint64_t offset = 0;
        bool in_arena = false;
    };
    std::array<Reach, FewOf<InputMap>::kMost> input_reach;
    std::array<Reach, FewOf<OutputMap>::kMost> output_reach;
    alignas(64) std::array<std::byte, kCaptureBytes> captures;
};

/// Made by the host before workers start; copies in forked workers see the same memory. The host resets it for each run
/// while every worker is idle.
class ControlArea {
public:
    /// Room for runs of up to `most_slices` slices, or chunks of calls; only what is used costs memory. Throws SystemError.
    ControlArea(int worker_count, std::int64_t most_slices);

    [[nodiscard]] ControlHeader& header() const noexcept { return *header_; }
    [[nodiscard]] std::span<WorkerMailbox> mailboxes() const noexcept { return mailboxes_; }
    [[nodiscard]] MessageBoard& board() const noexcept { return *board_; }
    [[nodiscard]] std::int64_t most_slices() const noexcept { return most_slices_; }
    /// All of it but the guard pages.
    [[nodiscard]] std::span<std::byte> range() const noexcept;

    /// A ledger, all waiting, for a run; and clean mailboxes, messages and rings. Records or chunks are the caller's.
    [[nodiscard]] SliceLedger prepare_run(std::int64_t task_count) const noexcept;
    /// The same memory seen by a worker.
    [[nodiscard]] SliceLedger ledger(std::int64_t task_count) const noexcept;
    [[nodiscard]] std::span<SliceRecord> records(std::int64_t slice_count) const noexcept;
    /// The same memory in a run of calls.
    [[nodiscard]] std::span<ChunkRecord> chunks(std::int64_t chunk_count) const noexcept;
    /// What the worker in this slot sends results through.
    [[nodiscard]] ResultRing ring(std::size_t slot) const noexcept;

private:
    std::int64_t most_slices_;
    os::Mapping mapping_;
    ControlHeader* header_;
    MessageBoard* board_;
    std::span<WorkerMailbox> mailboxes_;
    std::byte* rings_;
    std::byte* records_;
    std::byte* ledger_;
};

}  // namespace slicepool
