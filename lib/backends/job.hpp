// job.hpp: a planned run: checked, with everything a backend needs to carry it out.
// Made by the pool room; a backend asks no questions about it.
#pragma once

#include <slicepool/core/call.hpp>
#include <slicepool/core/filter.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>
#include <slicepool/memory/volume.hpp>
#include "worker/chunk_sizes.hpp"
#include "worker/work_order.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace slicepool {

struct Job {
    WorkOrder order;                 ///< complete but for start_ns
    std::vector<AnyVolume> inputs;   ///< as in the order
    std::vector<AnyVolume> outputs;  ///< tables as volumes of bytes
    /// In a run of calls, instead of the volumes.
    std::int64_t call_count = 0;
    ChunkSizes chunks{0, 1, {}};
    CallSink* sink = nullptr;
    /// The filter's bytes when workers that exist already need them shipped; empty when they inherit the object.
    std::span<const std::byte> captures{};
    const Options* options = nullptr;

    /// Pixels copied to bring the caller's memory into shared memory.
    [[nodiscard]] std::size_t copied_bytes() const noexcept {
        std::size_t bytes = 0;
        for (const AnyVolume& volume : inputs) bytes += volume.copied_bytes();
        for (const AnyVolume& volume : outputs) bytes += volume.copied_bytes();
        return bytes;
    }
};

}  // namespace slicepool
