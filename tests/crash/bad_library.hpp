// bad_library.hpp: functions of a shared library that crash, with names that a trace can show.
// For the tests of traces; other misdeeds are written down where they are tested.
#pragma once

namespace slicepool::test {

void write_to_nowhere();
/// Calls itself until the stack is used up.
int call_itself(int depth);

}  // namespace slicepool::test
