// call_message.hpp: what a worker tells the host about calls it has done, as bytes.
// How the bytes travel is result_ring.hpp's; the layout is that of one machine and one build.
#pragma once

#include <cstdint>

namespace slicepool {

/// Followed by `calls` times a CallResult with its bytes. The calls are consecutive.
struct CallMessage {
    std::int64_t chunk = 0;  ///< the ledger's task
    std::int64_t first = 0;  ///< call
    std::int64_t calls = 0;
    std::uint64_t bytes = 0;  ///< of all that follows
};

enum class CallFate : std::uint32_t { done, failed, skipped };

/// Followed by `bytes` bytes: the result, or the exception's type and text (failure_text.hpp).
struct CallResult {
    CallFate fate = CallFate::done;
    float seconds = 0.0F;
    std::uint64_t bytes = 0;
};

}  // namespace slicepool
