// rehearsal.hpp: a filter that misbehaves on chosen slices, to see what a run makes of it.
// It adds the fault and nothing else: other slices, and later attempts, are filtered as always.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/options.hpp>

namespace slicepool::cli {

/// What goes wrong, and where.
struct Rehearsal {
    enum class Fault : std::uint8_t { crash, abort, exit, hang, exception };
    Fault fault = Fault::crash;
    std::vector<std::int64_t> slices;
    int times = 1;  ///< attempts at each of the slices that go wrong
};

/// "crash slices=3,7 times=1". Throws InvalidArgument.
[[nodiscard]] Rehearsal parse_rehearsal(std::string_view text);

/// Throws InvalidArgument when `backend` would not survive the fault.
void check_rehearsal(const Rehearsal& rehearsal, const Options& options);

/// `filter` with the fault in it. `place_of` turns current_slice() into the number the slices are given by. Attempts are
/// counted in memory that worker processes forked later share. Throws SystemError.
[[nodiscard]] AnyFilter rehearsed(AnyFilter filter, const Rehearsal& rehearsal,
                                  std::function<std::int64_t(std::int64_t)> place_of);

}  // namespace slicepool::cli
