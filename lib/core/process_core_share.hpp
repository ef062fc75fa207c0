// process_core_share.hpp: gives every thread of this process a share of the cores, for good. For worker processes only.
#pragma once

namespace slicepool {

/// Before the process has threads of its own. What they, and processes forked from here, find in core_share() unless a
/// CoreShareScope says otherwise.
void set_core_share_of_process(int share) noexcept;

}  // namespace slicepool
