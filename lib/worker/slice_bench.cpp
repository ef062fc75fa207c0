#include "worker/slice_bench.hpp"

#include "worker/failure_text.hpp"
#include "worker/floating_point_kept.hpp"
#include "worker/non_finite.hpp"
#include "worker/now.hpp"
#include "worker/stacks.hpp"

#include <slicepool/core/error.hpp>
#include "core/current_slice_scope.hpp"
#include "memory/populate.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>

namespace slicepool {
namespace {

/// The shield is down again when this ends, exception or not, before anything is written to shared memory.
class Shielded {
public:
    Shielded(Shield* shield, const FewOf<std::span<std::byte>>& own_pages) : shield_(shield) {
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
    SliceBench(const WorkOrder& order, WorkPlace& place) noexcept : order_(order), place_(place), stacks_(order) {}

    void do_task(const Claim& claim) noexcept override {
        const Range task = order_.grouping.positions(claim.task, order_.slices.count);
        const std::int64_t start = now_ns();
        std::int64_t unset = 0;
        place_.mailbox->first_claim_ns.compare_exchange_strong(unset, start);
        std::int64_t done = 0;
        if (try_gather(task)) {
            const std::int64_t together = order_.grouping.as_one ? task.end - task.begin : 1;
            for (std::int64_t position = task.begin; position < task.end; position += together)
                if (is_wanted(position)) done += do_call({position, position + together}, task);
            stacks_.scatter(task);
        }
        place_.mailbox->busy_ns.fetch_add(now_ns() - start, std::memory_order_relaxed);
        if (place_.ledger.commit(claim)) place_.mailbox->slices_done.fetch_add(done, std::memory_order_relaxed);
    }

private:
    using Range = TaskGrouping::Range;

    [[nodiscard]] std::span<SliceRecord> records_of(Range call) const noexcept {
        return place_.records.subspan(static_cast<std::size_t>(call.begin),
                                      static_cast<std::size_t>(call.end - call.begin));
    }

    /// False for slices that are settled: given up by the supervisor, or failed before the task came back. A block's are
    /// settled together.
    [[nodiscard]] bool is_wanted(std::int64_t position) const noexcept {
        const RecordState state =
            place_.records[static_cast<std::size_t>(position)].state.load(std::memory_order_relaxed);
        return state != RecordState::closed && state != RecordState::failed;
    }

    /// How many slices are done: all or none.
    std::int64_t do_call(Range call, Range task) noexcept {
        const std::span<SliceRecord> records = records_of(call);
        const std::int64_t start = now_ns();
        for (SliceRecord& record : records) {
            record.worker = place_.owner.slot;
            record.start_seconds = static_cast<float>(1e-9 * static_cast<double>(start - order_.start_ns));
        }
        // The start goes first: a deadline must never be taken from the slice before.
        place_.mailbox->slice_start_ns.store(start, std::memory_order_relaxed);
        place_.mailbox->slice.store(call.begin, std::memory_order_release);
        const bool computed = try_compute(call, task);
        place_.mailbox->step();
        place_.mailbox->slice.store(-1, std::memory_order_release);
        const auto seconds = static_cast<float>(1e-9 * static_cast<double>(now_ns() - start));
        for (SliceRecord& record : records) {
            record.seconds = seconds;
            if (computed) record.state.store(RecordState::done, std::memory_order_relaxed);
        }
        return computed ? call.end - call.begin : 0;
    }

    /// False when the function threw, or its output is refused; the records then say why.
    bool try_compute(Range call, Range task) noexcept {
        try {
            FewOf<Stack> outputs;
            for (std::size_t i = 0; i < order_.outputs.size(); ++i) outputs.push_back(stacks_.output(i, call, task));
            compute(call, task, outputs);
            if (!order_.refuse_non_finite) return true;
            const std::string non_finite = first_non_finite_of(call, outputs);
            if (non_finite.empty()) return true;
            fail(call, {}, non_finite);
        } catch (const std::exception& error) {
            const std::string_view text = error.what();
            fail(call, ThrownType().name(), text.empty() ? "an exception without text" : text);
        } catch (...) {
            fail(call, ThrownType().name(), "an exception that is no std::exception");
        }
        return false;
    }

    void compute(Range call, Range task, const FewOf<Stack>& outputs) {
        FewOf<ConstStack> inputs;
        for (std::size_t i = 0; i < order_.inputs.size(); ++i) inputs.push_back(stacks_.input(i, call, task));
        const CurrentSliceScope named(order_.slices.index(call.begin));
        const FloatingPointKept kept;
        const Shielded shielded(place_.shield, own_pages(outputs));
        if (!order_.function && !kernel_)
            kernel_ = order_.filter.prepare(order_.input_spec(), order_.outputs[0].pixels.dtype);
        populate(call);
        if (order_.function)
            order_.function({inputs.begin(), inputs.size()}, {outputs.begin(), outputs.size()});
        else
            kernel_->apply(inputs[0][0], outputs[0][0]);
    }

    void populate(Range call) const {
        for (const OutputMap& map : order_.outputs) {
            if (!map.populate || map.tiled) continue;
            for (std::int64_t position = call.begin; position < call.end; ++position)
                if (const auto error = populate_for_writing(map.pixels, map.axis, order_.slices.index(position)))
                    throw SystemError("allocate", "the pages of an output slice", error);
        }
    }

    /// Of guarded outputs: their slices have no gaps within, nor those of a block between them.
    [[nodiscard]] FewOf<std::span<std::byte>> own_pages(const FewOf<Stack>& outputs) const noexcept {
        FewOf<std::span<std::byte>> pages;
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (!order_.outputs[i].guarded) continue;
            const Slice first = outputs[i][0];
            pages.push_back(
                {first.data, static_cast<std::size_t>(outputs[i].size * first.shape.count()) * size_of(first.dtype)});
        }
        return pages;
    }

    /// "output pixel (3, 7) is nan"; with the number of the output where there are several, and of the slice in a block.
    [[nodiscard]] std::string first_non_finite_of(Range call, const FewOf<Stack>& outputs) const {
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (order_.outputs[i].is_table) continue;
            for (std::int64_t number = 0; number < outputs[i].size; ++number) {
                const std::string found = first_non_finite(outputs[i][number]);
                if (found.empty()) continue;
                std::string text;
                if (order_.grouping.as_one)
                    text.append("slice ").append(std::to_string(order_.slices.index(call.begin + number))).append(": ");
                text.append("output ");
                if (outputs.size() > 1) text.append(std::to_string(i)).append(" ");
                return text.append(found);
            }
        }
        return {};
    }

    void fail(Range call, std::string_view type, std::string_view why) noexcept {
        std::array<char, 2 * MessageBoard::kMessageBytes>
            joined;  // longer than the board takes, so that it is the one to cut
        auto end = std::ranges::copy(type, joined.begin()).out;
        *end++ = kTypeEnd;
        const auto room = static_cast<std::size_t>(joined.end() - end);
        end = std::ranges::copy(why.substr(0, room), end).out;
        const std::uint32_t message =
            place_.board->write({joined.data(), static_cast<std::size_t>(end - joined.begin())});
        for (SliceRecord& record : records_of(call)) {
            record.message = message;
            record.state.store(RecordState::failed, std::memory_order_relaxed);
        }
        place_.mailbox->slices_failed.fetch_add(call.end - call.begin, std::memory_order_relaxed);
        if (place_.mailbox->note_failure(call.begin)) place_.alert();
        if (order_.abort_on_failure) place_.stop->store(1, std::memory_order_relaxed);
    }

    /// False when there is no memory for the tiles: then every slice of the task has failed.
    bool try_gather(Range task) noexcept {
        try {
            stacks_.gather(task);
            return true;
        } catch (const std::bad_alloc&) {
            for (std::int64_t position = task.begin; position < task.end; ++position)
                if (is_wanted(position))
                    fail({position, position + 1}, {}, "no memory for the tiles of a group of slices");
            return false;
        }
    }

    const WorkOrder& order_;
    WorkPlace& place_;
    Stacks stacks_;
    std::unique_ptr<SliceKernel> kernel_;
};

}  // namespace

std::unique_ptr<Bench> make_slice_bench(const WorkOrder& order, WorkPlace& place) {
    return std::make_unique<SliceBench>(order, place);
}

}  // namespace slicepool
