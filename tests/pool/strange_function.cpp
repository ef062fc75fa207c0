// strange_function.cpp: calls that must be refused when they are compiled; with PLAIN_FUNCTION, one that is taken.
// Not part of any program; see CMakeLists.txt.
#include <slicepool/pool/process_slices.hpp>

using namespace slicepool;

void run(const Volume<float>& input, const Volume<std::uint8_t>& mask, const Volume<float>& output,
         const Table<double>& table) {
#if defined(PLAIN_FUNCTION)
    process_slices(inputs(input, mask), outputs(output, table),
                   [](SliceView<const float>, SliceView<const std::uint8_t>, SliceView<float>, double&) {});
#elif defined(UNTYPED_VOLUME)
    static_cast<void>(inputs(input.any()));
#else
    process_slices(inputs(input, mask), outputs(output, table),
                   [](SliceView<const float>, SliceView<const float>, SliceView<float>, double&) {});
#endif
}
