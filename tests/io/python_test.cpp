// python_test.cpp: NumPy and h5py read what we write and the other way round.
// Skipped where python3 (or the interpreter that SLICEPOOL_TEST_PYTHON names) cannot import them.
#include <slicepool/core/error.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/output.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;

namespace {

constexpr const char* kTypes[] = {"uint8", "uint16", "int16", "int32", "float32", "float64"};

std::string interpreter() {
    const char* const named = std::getenv("SLICEPOOL_TEST_PYTHON");
    return named != nullptr ? named : "python3";
}

bool python(const std::string& arguments, bool quiet = false) {
    const std::string command = fmt::format("'{}' '{}' {}{}", interpreter(), SLICEPOOL_PYTHON_SCRIPT, arguments,
                                            quiet ? " >/dev/null 2>&1" : "");
    return std::system(command.c_str()) == 0;
}

bool python_has(const std::string& what) {
    if (python(what, true)) return true;
    WARN("skipped: " + interpreter() + " cannot import what '" + what + "' needs");
    return false;
}

void write_sample(const std::string& location, DType dtype) {
    io::OutputFile out = io::OutputFile::create(location, dtype, {3, 5, 7});
    const std::string pixels = test::sample_pixels(dtype, 105);
    std::memcpy(out.volume().data(), pixels.data(), pixels.size());
    out.commit();
}

/// The files in which a pixel is not its sample value, then how many were read.
std::string wrong_samples(const test::TemporaryDirectory& directory) {
    std::string text;
    int read = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        if (test::first_wrong_pixel(io::open_volume(entry.path().native())) != -1)
            text += entry.path().filename().native() + " ";
        ++read;
    }
    return text + std::to_string(read) + " read";
}

}  // namespace

TEST_CASE("NumPy reads the .npy files we write", "[io][npy][python]") {
    if (!python_has("has_numpy")) return;
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    for (const char* type : kTypes) {
        CAPTURE(type);
        write_sample(file, parse_dtype(type));
        CHECK(python(fmt::format("check_npy '{}' {}", file, type)));
    }
}

TEST_CASE("we read the .npy files that NumPy writes", "[io][npy][python]") {
    if (!python_has("has_numpy")) return;
    const test::TemporaryDirectory directory;
    REQUIRE(python(fmt::format("write_npy '{}'", directory.path().native())));
    CHECK(wrong_samples(directory) == "36 read");
}

#ifdef SLICEPOOL_HAS_HDF5
TEST_CASE("h5py reads the HDF5 files we write", "[io][hdf5][python]") {
    if (!python_has("has_h5")) return;
    const test::TemporaryDirectory directory;
    for (const char* type : kTypes) {
        CAPTURE(type);
        const std::string file = directory.file(std::string(type) + ".h5");
        write_sample(file + ":/entry/data", parse_dtype(type));
        CHECK(python(fmt::format("check_h5 '{}' /entry/data {}", file, type)));
    }
}

TEST_CASE("we read the HDF5 files that h5py writes", "[io][hdf5][python]") {
    if (!python_has("has_h5")) return;
    const test::TemporaryDirectory directory;
    REQUIRE(python(fmt::format("write_h5 '{}'", directory.path().native())));
    CHECK(wrong_samples(directory) == "20 read");
}
#endif
