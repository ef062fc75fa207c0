// strange_capture.cpp: a call that a Pool must refuse when it is compiled; with PLAIN_CAPTURE, one that it takes.
// Not part of any program; see CMakeLists.txt.
#include <slicepool/pool/pool.hpp>

#include <string>

void run(slicepool::Pool& pool, const slicepool::Volume<float>& input, const slicepool::Volume<float>& output) {
#ifdef PLAIN_CAPTURE
    const int name = 3;
#else
    const std::string name = "a string's bytes point into this process";
#endif
    pool.process_slices(input, output, [name](slicepool::SliceView<const float>, slicepool::SliceView<float>) {
        static_cast<void>(name);
    });
}
