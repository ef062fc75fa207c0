// chunk_record.hpp: how the calls of a run are dealt into tasks, in shared memory: consecutive calls, a chunk a task.
// What became of a call is not here: its result, or failure, is sent to the host.
#pragma once

#include <atomic>
#include <cstdint>

namespace slicepool {

/// Written by the host before the run; `next` and `skip` again when the chunk's owner was reaped, before it is offered
/// again. Workers read only.
struct ChunkRecord {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::atomic<std::int64_t> next{0};   ///< the first call whose result has not arrived: where its next owner begins
    std::atomic<std::int64_t> skip{-1};  ///< a call behind `next` that was given up, or -1
};
static_assert(sizeof(ChunkRecord) == 32 && std::atomic<std::int64_t>::is_always_lock_free, "shared between processes");

}  // namespace slicepool
