// stacks.hpp: what a function sees of a run's volumes: slices in place, or in tiles of the worker's own.
// It computes nothing and keeps no record.
#pragma once

#include "worker/tile.hpp"
#include "worker/work_order.hpp"

#include <slicepool/core/slice_stack.hpp>

#include <array>
#include <cstddef>
#include <memory>

namespace slicepool {

/// Where the tiles lie in a worker's scratch: bytes from its begin.
struct TileLayout {
    explicit TileLayout(const WorkOrder& order) noexcept;
    std::array<std::size_t, FewOf<InputMap>::kMost> inputs{};
    std::array<std::size_t, FewOf<OutputMap>::kMost> outputs{};
    std::size_t bytes = 0;
};

/// One worker's. `order` is borrowed. A task is gathered, then stacks are asked for, then it is scattered.
class Stacks {
public:
    using Range = TaskGrouping::Range;

    explicit Stacks(const WorkOrder& order) noexcept : order_(order), layout_(order) {}

    /// Brings the inputs of `task` into the tiles, and readies those of the outputs. Throws std::bad_alloc.
    void gather(Range task);
    /// Only done slices are worth keeping, but the lines they lie on are written whole: what stands in the volume where a
    /// slice failed is replaced after the run anyway.
    void scatter(Range task) const noexcept;

    /// Of the positions `call`, which are part of `task`.
    [[nodiscard]] ConstStack input(std::size_t number, Range call, Range task) const noexcept;
    [[nodiscard]] Stack output(std::size_t number, Range call, Range task) const noexcept;

private:
    struct Halo {
        std::int64_t before = 0;
        std::int64_t after = 0;
    };
    [[nodiscard]] Halo halo_of(const InputMap& map, Range call) const noexcept;
    void gather_block(const InputMap& map, Range block, const Tile& tile) const noexcept;
    [[nodiscard]] Tile tile(const PixelMap& pixels, int axis, std::size_t offset) const noexcept;

    const WorkOrder& order_;
    TileLayout layout_;
    std::unique_ptr<std::byte[]> memory_;  ///< made with the first task
};

}  // namespace slicepool
