// real_scan_test.cpp: a real scan (Data Exchange: /exchange/data, data_white, data_dark, theta) is listed and mapped.
// The scan is not part of the project: SLICEPOOL_TEST_DATA (the environment variable, else the one of
// CMake's cache) names the directory that holds tooth.h5.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "io/hdf5_handle.hpp"
#include "io/test_files.hpp"
#include "memory/storage.hpp"
#include "support/catch.hpp"

using namespace slicepool;

namespace {

std::string scan_file() {
    const char* const named = std::getenv("SLICEPOOL_TEST_DATA");
    const std::string directory = named != nullptr ? named : SLICEPOOL_TEST_DATA_DIRECTORY;
    if (directory.empty()) return {};
    const std::string file = directory + "/tooth.h5";
    return std::filesystem::exists(file) ? file : std::string();
}

}  // namespace

TEST_CASE("a real scan is listed, chosen from and mapped", "[io][hdf5][data]") {
    const std::string file = scan_file();
    if (file.empty()) {
        WARN(
            "skipped: no tooth.h5: set SLICEPOOL_TEST_DATA, in the environment or with cmake "
            "-DSLICEPOOL_TEST_DATA=DIRECTORY, to the directory that holds it");
        return;
    }
    const std::string message = test::message_of([&] { return io::open_volume(file); });
    CHECK(message.find("holds 3 volumes") != std::string::npos);
    CHECK(message.find("/exchange/data (181, 2, 640) float32") != std::string::npos);

    const AnyVolume volume = io::open_volume(file + ":/exchange/data");
    CHECK(volume.shape() == Shape{181, 2, 640});
    CHECK(volume.dtype() == DType::f32);
    CHECK(volume.storage()->descriptor() >= 0);

    const io::Hdf5FileHandle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    const io::Hdf5ObjectHandle dataset(H5Dopen2(opened.get(), "/exchange/data", H5P_DEFAULT));
    std::vector<float> pixels(181 * 2 * 640);
    REQUIRE(H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels.data()) >= 0);
    CHECK(std::memcmp(volume.data(), pixels.data(), volume.bytes()) == 0);
}
