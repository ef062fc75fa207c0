// A library with exported functions that crash, for the names in a trace. No filter.

#include "crash/bad_library.hpp"

namespace slicepool::test {

__attribute__((noinline, no_sanitize("address", "undefined"))) void write_to_nowhere() {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
}

__attribute__((noinline, no_sanitize("address", "undefined"))) int call_itself(int depth) {
    volatile char block[4096];
    block[0] = static_cast<char>(depth);
    return depth < 0 ? depth : call_itself(depth + 1) + block[0];
}

}  // namespace slicepool::test
