// leaves_nothing.hpp: a promise made in the first line of a test and checked when its scope ends.
#pragma once

#include "support/catch.hpp"
#include "support/leftovers.hpp"

namespace slicepool::test {

/// Fails the test when processes, threads, descriptors or memory are left over at the end of the scope.
class LeavesNothing {
public:
    LeavesNothing() = default;
    LeavesNothing(const LeavesNothing&) = delete;
    LeavesNothing& operator=(const LeavesNothing&) = delete;
    ~LeavesNothing() { CHECK(before_.found() == ""); }

private:
    Leftovers before_;
};

}  // namespace slicepool::test
