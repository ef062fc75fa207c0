// hdf5_absent_test.cpp: a build without HDF5 says so, for reading and for writing.
// Compiled only in such a build.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/output.hpp>

#include <string>

#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;

TEST_CASE("a build without HDF5 says so", "[io][hdf5]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    test::write_bytes(file, "\x89HDF\r\n\x1a\n and so on");
    for (const std::string& message : {test::message_of([&] { return io::open_volume(file + ":/data"); }),
                                       test::message_of([&] { return io::inspect(file); }), test::message_of([&] {
                                           return io::OutputFile::create(directory.file("b.h5"), DType::f32, {1, 1, 1});
                                       })}) {
        CAPTURE(message);
        CHECK(message.find("this build of slicepool has no HDF5") != std::string::npos);
    }
    CHECK(directory.listing() == "a.h5");
}
