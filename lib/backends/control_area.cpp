#include "backends/control_area.hpp"

#include "os/file_descriptor.hpp"

#include <new>

namespace slicepool {
namespace {

constexpr std::size_t kRingBytes = std::size_t{256} << 10;
static_assert(sizeof(ChunkRecord) >= sizeof(SliceRecord), "they share their place");

std::size_t ring_pitch() noexcept { return os::whole_pages(sizeof(ResultRingCounters)) + kRingBytes; }

/// Offsets of the parts, each on pages of its own, with an unmapped page at either end.
struct Parts {
    std::size_t header;
    std::size_t mailboxes;
    std::size_t board;
    std::size_t rings;
    std::size_t records;
    std::size_t ledger;
    std::size_t end;
    std::size_t total;

    Parts(int worker_count, std::int64_t most_slices) {
        const std::size_t page = os::page_bytes();
        header = page;
        mailboxes = header + os::whole_pages(sizeof(ControlHeader));
        board = mailboxes + os::whole_pages(static_cast<std::size_t>(worker_count) * sizeof(WorkerMailbox));
        rings = board + os::whole_pages(sizeof(MessageBoard));
        records = rings + static_cast<std::size_t>(worker_count) * ring_pitch();
        ledger = records + os::whole_pages(static_cast<std::size_t>(most_slices) * sizeof(ChunkRecord));
        end = ledger + os::whole_pages(SliceLedger::bytes_for(most_slices));
        total = end + page;
    }
};

}  // namespace

ControlArea::ControlArea(int worker_count, std::int64_t most_slices) : most_slices_(most_slices) {
    const Parts parts(worker_count, most_slices);
    const os::FileDescriptor file = os::sealed_memory_file("slicepool-control", parts.total);
    mapping_ = os::Mapping::of_file(file.get(), 0, parts.total, os::Access::read_write, "control memory");
    std::byte* const base = mapping_.data();
    os::protect({base, parts.header}, os::Access::none);
    os::protect({base + parts.end, parts.total - parts.end}, os::Access::none);
    header_ = ::new (base + parts.header) ControlHeader;
    auto* const mailboxes = reinterpret_cast<WorkerMailbox*>(base + parts.mailboxes);
    for (int slot = 0; slot < worker_count; ++slot) ::new (mailboxes + slot) WorkerMailbox;
    mailboxes_ = {mailboxes, static_cast<std::size_t>(worker_count)};
    // Fresh pages read as zero, which is an empty board: constructing it would touch them all.
    board_ = std::launder(reinterpret_cast<MessageBoard*>(base + parts.board));
    rings_ = base + parts.rings;
    records_ = base + parts.records;
    ledger_ = base + parts.ledger;
}

std::span<std::byte> ControlArea::range() const noexcept {
    return mapping_.range().subspan(os::page_bytes(), mapping_.size() - 2 * os::page_bytes());
}

SliceLedger ControlArea::prepare_run(std::int64_t task_count) const noexcept {
    for (WorkerMailbox& mailbox : mailboxes_) mailbox.reset();
    for (std::size_t slot = 0; slot < mailboxes_.size(); ++slot) ring(slot).clear();
    board_->clear();
    header_->stop.store(0);
    header_->window.begin.store(0);
    header_->window.end.store(task_count);
    return SliceLedger::create({ledger_, SliceLedger::bytes_for(task_count)}, task_count);
}

SliceLedger ControlArea::ledger(std::int64_t task_count) const noexcept {
    return SliceLedger::attach({ledger_, SliceLedger::bytes_for(task_count)}, task_count);
}

std::span<SliceRecord> ControlArea::records(std::int64_t slice_count) const noexcept {
    return {std::launder(reinterpret_cast<SliceRecord*>(records_)), static_cast<std::size_t>(slice_count)};
}

std::span<ChunkRecord> ControlArea::chunks(std::int64_t chunk_count) const noexcept {
    return {std::launder(reinterpret_cast<ChunkRecord*>(records_)), static_cast<std::size_t>(chunk_count)};
}

ResultRing ControlArea::ring(std::size_t slot) const noexcept {
    std::byte* const at = rings_ + slot * ring_pitch();
    return {*std::launder(reinterpret_cast<ResultRingCounters*>(at)),
            {at + os::whole_pages(sizeof(ResultRingCounters)), kRingBytes}};
}

}  // namespace slicepool
