// A filter in a library that a test loads after its pool was made.

#include <slicepool/pool/pool.hpp>

using namespace slicepool;

/// Doubles every pixel on the pool given, in code that lives in this library.
extern "C" Report* double_slices_on(Pool* pool, const Volume<float>* input, const Volume<float>* output) {
    return new Report(
        pool->process_slices(*input, *output, [](SliceView<const float> in, SliceView<float> out) { out = 2 * in; }));
}
