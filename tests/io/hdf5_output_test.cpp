// hdf5_output_test.cpp: HDF5 files that are laid out by the library and filled through the mapping.
// What holds for outputs of every kind is in output_test.cpp.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/output.hpp>

#include <cstring>
#include <filesystem>
#include <vector>

#include "io/hdf5_samples.hpp"
#include "io/test_files.hpp"
#include "memory/storage.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using io::OutputFile;

namespace {

void fill(const AnyVolume& volume) {
    const std::string pixels = test::sample_pixels(volume.dtype(), volume.shape().count());
    std::memcpy(volume.data(), pixels.data(), pixels.size());
}

std::vector<double> read_by_library(const std::string& file, const std::string& path, std::size_t count) {
    const io::Hdf5FileHandle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    const io::Hdf5ObjectHandle dataset(H5Dopen2(opened.get(), path.c_str(), H5P_DEFAULT));
    std::vector<double> pixels(count);
    REQUIRE(H5Dread(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels.data()) >= 0);
    return pixels;
}

}  // namespace

TEST_CASE("an HDF5 output is read back by the library and by us", "[io][output][hdf5]") {
    const test::TemporaryDirectory directory;
    const DType dtype = GENERATE(DType::u8, DType::u16, DType::i16, DType::i32, DType::f32, DType::f64);
    const Shape shape = GENERATE(Shape{1, 1, 1}, Shape{3, 5, 7}, Shape{11, 31, 37});
    CAPTURE(name_of(dtype), to_string(shape));
    const std::string file = directory.file("out.h5");
    {
        OutputFile out = OutputFile::create(file + ":/entry/smooth/data", dtype, shape);
        CHECK(out.volume().writable());
        CHECK(reinterpret_cast<std::uintptr_t>(out.volume().data()) % 4096 == 0);
        CHECK(out.volume().storage()->offset() % 4096 == 0);
        fill(out.volume());
        CHECK_FALSE(std::filesystem::exists(file));
        out.commit();
    }
    CHECK(directory.listing() == "out.h5");
    const std::vector<double> pixels =
        read_by_library(file, "/entry/smooth/data", static_cast<std::size_t>(shape.count()));
    for (std::size_t i = 0; i < pixels.size(); ++i)
        REQUIRE(pixels[i] == test::sample_value(static_cast<std::int64_t>(i)));
    const AnyVolume back = io::open_volume(file);
    CHECK(back.dtype() == dtype);
    CHECK(back.storage()->descriptor() >= 0);
    CHECK(test::first_wrong_pixel(back) == -1);
}

TEST_CASE("an HDF5 output without a path is called /data", "[io][output][hdf5]") {
    const test::TemporaryDirectory directory;
    for (const char* name : {"a.h5", "b.hdf5", "c.HDF:/", "d.nxs:"}) {
        OutputFile out = OutputFile::create(directory.file(name), DType::f32, {2, 3, 5});
        out.commit();
    }
    CHECK(directory.listing() == "a.h5 b.hdf5 c.HDF d.nxs");
    CHECK(io::inspect(directory.file("c.HDF")).at(0).path == "/data");
    CHECK(test::touch_every_pixel(io::open_volume(directory.file("a.h5"))) == 0.0);
}

TEST_CASE("an existing HDF5 file is never replaced", "[io][output][hdf5][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("out.h5");
    OutputFile early = OutputFile::create(file, DType::f32, {1, 1, 1});
    test::Hdf5Sample(file).dataset("/precious", {2, 3, 5});
    const std::string before = test::read_bytes(file);
    CHECK_THROWS_AS(OutputFile::create(file + ":/more", DType::f32, {1, 1, 1}), InvalidArgument);
    CHECK(test::message_of([&] {
              return OutputFile::create(file, DType::f32, {1, 1, 1});
          }).find("may hold other datasets") != std::string::npos);
    CHECK_THROWS_AS(early.commit(), InvalidArgument);
    CHECK(test::read_bytes(file) == before);
    std::filesystem::remove(file);
    early.commit();
    CHECK(io::open_volume(file).shape() == Shape{1, 1, 1});
}

TEST_CASE("an HDF5 output that is not committed leaves nothing", "[io][output][hdf5]") {
    const test::TemporaryDirectory directory;
    const std::size_t before = test::open_descriptors();
    { const OutputFile out = OutputFile::create(directory.file("out.h5"), DType::f32, {3, 5, 7}); }
    CHECK_THROWS_AS(OutputFile::create(directory.file("out.h5:/."), DType::f32, {3, 5, 7}), InvalidArgument);
    CHECK(directory.listing().empty());
    CHECK(test::open_descriptors() == before);
    CHECK(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
}

TEST_CASE("HDF5 volumes without pixels can be written", "[io][output][hdf5]") {
    const test::TemporaryDirectory directory;
    OutputFile out = OutputFile::create(directory.file("out.h5"), DType::f32, {3, 0, 7});
    out.commit();
    CHECK(io::open_volume(directory.file("out.h5")).shape() == Shape{3, 0, 7});
}
