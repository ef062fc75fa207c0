#include "worker/slice_bench.hpp"

#include "worker/failure_text.hpp"
#include "worker/floating_point_kept.hpp"
#include "worker/non_finite.hpp"
#include "worker/now.hpp"
#include "worker/tile.hpp"

#include <slicepool/core/error.hpp>
#include "core/current_slice_scope.hpp"
#include "memory/populate.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace slicepool {
namespace {

/// Rounded up to whole cache lines, so that the output tile behind it is aligned for every pixel type.
std::size_t input_tile_bytes(const WorkOrder& order) noexcept {
    const SliceSpec input = order.input_spec();
    const auto bytes = static_cast<std::size_t>(order.grouping.group * input.shape.count()) * size_of(input.dtype);
    return (bytes + 63) / 64 * 64;
}

/// The shield is down again when this ends, exception or not, before anything is written to shared memory.
class Shielded {
public:
    Shielded(Shield* shield, std::span<std::byte> own_pages) : shield_(shield) {
        if (shield_ != nullptr) shield_->raise(own_pages);
    }
    ~Shielded() {
        if (shield_ != nullptr) shield_->lower();
    }
    Shielded(const Shielded&) = delete;
    Shielded& operator=(const Shielded&) = delete;

private:
    Shield* shield_;
};

/// One worker in one run: its kernel and tiles, made at the first claim.
class SliceBench final : public Bench {
public:
    SliceBench(const WorkOrder& order, WorkPlace& place) noexcept : order_(order), place_(place) {}

    void do_task(const Claim& claim) noexcept override {
        const TaskGrouping::Range positions = order_.grouping.positions(claim.task, order_.slices.count);
        const std::int64_t start = now_ns();
        std::int64_t unset = 0;
        place_.mailbox->first_claim_ns.compare_exchange_strong(unset, start);
        const bool gathered = !order_.tiled() || gather_tile(positions);
        std::int64_t done = 0;
        for (std::int64_t position = positions.begin; gathered && position < positions.end; ++position)
            if (is_wanted(position)) done += do_slice(position, positions);
        if (order_.tiled() && gathered) scatter_tile(positions);
        place_.mailbox->busy_ns.fetch_add(now_ns() - start, std::memory_order_relaxed);
        if (place_.ledger.commit(claim)) place_.mailbox->slices_done.fetch_add(done, std::memory_order_relaxed);
    }

private:
    /// False for slices that are settled: given up by the supervisor, or failed before the task came back.
    [[nodiscard]] bool is_wanted(std::int64_t position) const noexcept {
        const RecordState state =
            place_.records[static_cast<std::size_t>(position)].state.load(std::memory_order_relaxed);
        return state != RecordState::closed && state != RecordState::failed;
    }

    /// 1 when the slice is done, 0 when it failed.
    std::int64_t do_slice(std::int64_t position, TaskGrouping::Range positions) noexcept {
        SliceRecord& record = place_.records[static_cast<std::size_t>(position)];
        const std::int64_t start = now_ns();
        record.worker = place_.owner.slot;
        record.start_seconds = static_cast<float>(1e-9 * static_cast<double>(start - order_.start_ns));
        // The start goes first: a deadline must never be taken from the slice before.
        place_.mailbox->slice_start_ns.store(start, std::memory_order_relaxed);
        place_.mailbox->slice.store(position, std::memory_order_release);
        const bool computed = try_compute(position, positions, record);
        place_.mailbox->step();
        place_.mailbox->slice.store(-1, std::memory_order_release);
        record.seconds = static_cast<float>(1e-9 * static_cast<double>(now_ns() - start));
        if (computed) record.state.store(RecordState::done, std::memory_order_relaxed);
        return computed ? 1 : 0;
    }

    /// False when the filter threw, or its output is refused; the record then says why.
    bool try_compute(std::int64_t position, TaskGrouping::Range positions, SliceRecord& record) noexcept {
        const std::int64_t index = order_.slices.index(position);
        try {
            const Slice output = order_.tiled() ? output_tile_.slice(position - positions.begin)
                                                : order_.output.slice(order_.axis, index);
            compute(
                index,
                order_.tiled() ? input_tile_.slice(position - positions.begin) : order_.input.slice(order_.axis, index),
                output);
            if (!order_.refuse_non_finite) return true;
            const std::string non_finite = first_non_finite(output);
            if (non_finite.empty()) return true;
            fail(record, {}, non_finite);
        } catch (const std::exception& error) {
            const std::string_view text = error.what();
            fail(record, ThrownType().name(), text.empty() ? "an exception without text" : text);
        } catch (...) {
            fail(record, ThrownType().name(), "an exception that is no std::exception");
        }
        return false;
    }

    void compute(std::int64_t index, const ConstSlice& input, const Slice& output) {
        const CurrentSliceScope named(index);
        const FloatingPointKept kept;
        const Shielded shielded(place_.shield, order_.guard_output ? whole_bytes(output) : std::span<std::byte>());
        if (!kernel_) kernel_ = order_.filter.prepare(order_.input_spec(), order_.output.dtype);
        if (order_.populate_output && !order_.tiled())
            if (const auto error = populate_for_writing(order_.output, order_.axis, index))
                throw SystemError("allocate", "the pages of an output slice", error);
        kernel_->apply(input, output);
    }

    /// Of a slice without gaps.
    static std::span<std::byte> whole_bytes(const Slice& slice) noexcept {
        return {slice.data, static_cast<std::size_t>(slice.shape.count()) * size_of(slice.dtype)};
    }

    void fail(SliceRecord& record, std::string_view type, std::string_view why) noexcept {
        std::array<char, 2 * MessageBoard::kMessageBytes>
            joined;  // longer than the board takes, so that it is the one to cut
        auto end = std::ranges::copy(type, joined.begin()).out;
        *end++ = kTypeEnd;
        const auto room = static_cast<std::size_t>(joined.end() - end);
        end = std::ranges::copy(why.substr(0, room), end).out;
        record.message = place_.board->write({joined.data(), static_cast<std::size_t>(end - joined.begin())});
        record.state.store(RecordState::failed, std::memory_order_relaxed);
        place_.mailbox->slices_failed.fetch_add(1, std::memory_order_relaxed);
        if (order_.abort_on_failure) place_.stop->store(1, std::memory_order_relaxed);
    }

    /// False when there is no memory for the tiles: then every slice of the task has failed.
    bool gather_tile(TaskGrouping::Range positions) noexcept {
        try {
            if (tiles_.empty()) {
                const SliceSpec input = order_.input_spec();
                const SliceSpec output{slice_shape(order_.output.shape, order_.axis), order_.output.dtype};
                tiles_.resize(tile_bytes(order_, output));
                input_tile_ = {tiles_.data(), input.dtype, input.shape};
                output_tile_ = {tiles_.data() + input_tile_bytes(order_), output.dtype, output.shape};
            }
        } catch (const std::bad_alloc&) {
            for (std::int64_t position = positions.begin; position < positions.end; ++position)
                if (is_wanted(position))
                    fail(place_.records[static_cast<std::size_t>(position)], {},
                         "no memory for the tiles of a group of slices");
            return false;
        }
        gather(order_.input, order_.axis, order_.slices, positions, input_tile_);
        return true;
    }

    /// Only done slices are worth keeping, but the lines they lie on are written whole: what stands in the volume where
    /// a slice failed is replaced after the run anyway.
    void scatter_tile(TaskGrouping::Range positions) noexcept {
        scatter(output_tile_, order_.output, order_.axis, order_.slices, positions);
    }

    const WorkOrder& order_;
    WorkPlace& place_;
    std::unique_ptr<SliceKernel> kernel_;
    std::vector<std::byte> tiles_;
    Tile input_tile_;
    Tile output_tile_;
};

}  // namespace

std::unique_ptr<Bench> make_slice_bench(const WorkOrder& order, WorkPlace& place) {
    return std::make_unique<SliceBench>(order, place);
}

std::size_t tile_bytes(const WorkOrder& order, const SliceSpec& output) noexcept {
    if (!order.tiled()) return 0;
    return input_tile_bytes(order) +
           static_cast<std::size_t>(order.grouping.group * output.shape.count()) * size_of(output.dtype);
}

}  // namespace slicepool
