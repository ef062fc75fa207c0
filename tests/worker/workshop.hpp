// workshop.hpp: a run set up by hand for one worker: volumes, ledger, records and mailbox, without pool or processes.
// Filters for it are lambdas over typed slices.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/failure_text.hpp"
#include "worker/work.hpp"

#include <slicepool/memory/volume.hpp>

namespace slicepool::test {

/// float32 slices to float32 slices of the same shape, by any function.
class FloatFilter {
public:
    using Function = std::function<void(SliceView<const float>, SliceView<float>)>;
    using Preparation = std::function<void()>;

    FloatFilter(
        Function function, Preparation preparation = [] {})  // NOLINT(google-explicit-constructor)
        : function_(std::move(function)), preparation_(std::move(preparation)) {}

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType) const { return {.output = {input.shape, DType::f32}}; }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec&, DType) const {
        preparation_();
        return std::make_unique<Kernel>(function_);
    }

private:
    class Kernel final : public SliceKernel {
    public:
        explicit Kernel(const Function& function) : function_(function) {}
        void apply(const ConstSlice& input, const Slice& output) override {
            function_(input.as<float>(), output.as<float>());
        }

    private:
        const Function& function_;
    };

    Function function_;
    Preparation preparation_;
};

class Workshop {
public:
    Volume<float> input;
    Volume<float> output;
    WorkOrder order;
    std::vector<std::byte> ledger_memory;
    std::vector<SliceRecord> records;
    std::unique_ptr<MessageBoard> board = std::make_unique<MessageBoard>();
    WorkerMailbox mailbox;
    std::atomic<std::uint32_t> stop{0};

    /// Every pixel of the input is its C-order index, of the output -1.
    Workshop(const Shape& shape, int axis, const FloatFilter& filter, TaskGrouping grouping = {})
        : input(Volume<float>::create(shape)), output(Volume<float>::create(shape)), filter_(filter) {
        for (std::int64_t i = 0; i < shape.count(); ++i) {
            input.data()[i] = static_cast<float>(i);
            output.data()[i] = -1;
        }
        const bool tiled = grouping.group > 1;
        order.inputs.push_back({.pixels = PixelMap(input), .axis = axis, .tiled = tiled});
        order.outputs.push_back({.pixels = PixelMap(output), .axis = axis, .tiled = tiled});
        order.axis = axis;
        order.slices = {0, 1, shape[axis]};
        order.grouping = grouping;
        order.filter = FilterRef(filter_);
        order.start_ns = now_ns();
        reset();
    }

    /// After a change of the order: a new ledger, open records.
    void reset() {
        const std::int64_t tasks = order.grouping.task_count(order.slices.count);
        ledger_memory.assign(SliceLedger::bytes_for(tasks) + 64, std::byte{0});
        static_cast<void>(SliceLedger::create(ledger_span(), tasks));
        records = std::vector<SliceRecord>(static_cast<std::size_t>(order.slices.count));
        mailbox.reset();
        stop = 0;
    }

    [[nodiscard]] SliceLedger ledger() {
        return SliceLedger::attach(ledger_span(), order.grouping.task_count(order.slices.count));
    }
    [[nodiscard]] WorkPlace place() {
        return {.owner = {3, 7},
                .ledger = ledger(),
                .records = records,
                .board = board.get(),
                .mailbox = &mailbox,
                .stop = &stop};
    }

    void work_while(const std::function<bool()>& keep_going) {
        WorkPlace mine = place();
        work(*make_bench(order, mine), mine, keep_going);
    }
    void work_to_the_end() {
        work_while([] { return true; });
    }

    [[nodiscard]] RecordState state(std::int64_t position) const {
        return records[static_cast<std::size_t>(position)].state.load();
    }
    [[nodiscard]] std::string_view message(std::int64_t position) const { return failure(position).text; }
    [[nodiscard]] FailureText failure(std::int64_t position) const {
        return split_failure(board->read(records[static_cast<std::size_t>(position)].message));
    }
    /// Output pixels of slice `index` that are not `expected(input pixel)`.
    template <class Expected>
    [[nodiscard]] std::int64_t wrong_pixels(std::int64_t index, Expected&& expected) const {
        const SliceView<float> in = input.slice(order.axis, index);
        const SliceView<float> out = output.slice(order.axis, index);
        std::int64_t wrong = 0;
        for (Eigen::Index row = 0; row < in.rows(); ++row)
            for (Eigen::Index column = 0; column < in.cols(); ++column)
                wrong += out(row, column) != static_cast<float>(expected(in(row, column)));
        return wrong;
    }
    [[nodiscard]] bool is_untouched(std::int64_t index) const {
        return wrong_pixels(index, [](float) { return -1.0F; }) == 0;
    }

    [[nodiscard]] static std::int64_t now_ns() {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

private:
    [[nodiscard]] std::span<std::byte> ledger_span() {
        const std::size_t past = reinterpret_cast<std::uintptr_t>(ledger_memory.data()) % 64;
        return std::span(ledger_memory).subspan(past == 0 ? 0 : 64 - past);
    }

    FloatFilter filter_;
};

}  // namespace slicepool::test
