// run_calls.hpp: runs numbered calls on workers and hands their results on: what parallel loops are made of.
// For templates and for those who bring their own Callable; others call parallel().
#pragma once

#include <slicepool/core/call.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>

#include <cstdint>

namespace slicepool {

/// Does calls 0 ... count-1 and hands each result to `sink`, in the calling thread, in the order in which they arrive.
/// `calls` and `sink` are borrowed; worker processes are forked after `calls` exists. Returns when every call is settled.
/// Throws InvalidArgument or SystemError before the first call when the request cannot be served. Safe from many threads.
Report run_calls(const CallRef& calls, std::int64_t count, CallSink& sink, const Options& options = {});

}  // namespace slicepool
