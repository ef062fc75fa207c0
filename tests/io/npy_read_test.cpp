// npy_read_test.cpp: good .npy files of every kind become volumes with the right pixels in the right places.
// Bad ones are in npy_bad_files_test.cpp and npy_fuzz_test.cpp.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>

#include <fmt/format.h>

#include "io/test_files.hpp"
#include "memory/storage.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using test::npy_file;
using test::sample_pixels;

namespace {

struct Kind {
    const char* code;
    DType dtype;
};
constexpr Kind kKinds[] = {{"u1", DType::u8},  {"u2", DType::u16}, {"i2", DType::i16},
                           {"i4", DType::i32}, {"f4", DType::f32}, {"f8", DType::f64}};

std::string dictionary(const std::string& descr, const char* fortran, const char* shape) {
    return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", descr, fortran, shape);
}

}  // namespace

TEST_CASE("every pixel type is mapped from little-endian files", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    for (const Kind& kind : kKinds)
        for (const int major : {1, 2, 3}) {
            CAPTURE(kind.code, major);
            const std::string descr = (kind.dtype == DType::u8 ? "|" : "<") + std::string(kind.code);
            test::write_bytes(file,
                              npy_file(dictionary(descr, "False", "(3, 5, 7)"), sample_pixels(kind.dtype, 105), major));
            const AnyVolume volume = io::open_volume(file);
            CHECK(volume.dtype() == kind.dtype);
            CHECK(volume.shape() == Shape{3, 5, 7});
            CHECK_FALSE(volume.writable());
            CHECK(volume.storage()->descriptor() >= 0);
            CHECK(volume.copied_bytes() == 0);
            CHECK(test::first_wrong_pixel(volume) == -1);
            CHECK(io::inspect(file).at(0).storage == "C order, mapped in place");
        }
}

TEST_CASE("big-endian files are read into memory and swapped", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    for (const Kind& kind : kKinds) {
        CAPTURE(kind.code);
        test::write_bytes(file, npy_file(dictionary(std::string(">") + kind.code, "False", "(3, 5, 7)"),
                                         sample_pixels(kind.dtype, 105, true)));
        const AnyVolume volume = io::open_volume(file);
        CHECK(volume.dtype() == kind.dtype);
        CHECK(test::first_wrong_pixel(volume) == -1);
        CHECK((volume.storage()->descriptor() >= 0) == (kind.dtype == DType::u8));
    }
    CHECK(io::inspect(file).at(0).storage == "C order, big-endian, read into memory");
}

TEST_CASE("Fortran order is a matter of strides", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    const bool big_endian = GENERATE(false, true);
    // Pixel (z, y, x) lies at z + 2 * (y + 3 * x).
    std::string pixels;
    const std::string c_order = sample_pixels(DType::u16, 30, big_endian);
    for (int x = 0; x < 5; ++x)
        for (int y = 0; y < 3; ++y)
            for (int z = 0; z < 2; ++z)
                pixels += c_order.substr(static_cast<std::size_t>(((z * 3 + y) * 5 + x) * 2), 2);
    test::write_bytes(file, npy_file(dictionary(big_endian ? ">u2" : "<u2", "True", "(2, 3, 5)"), pixels));
    const AnyVolume volume = io::open_volume(file);
    CHECK(volume.shape() == Shape{2, 3, 5});
    CHECK(volume.strides() == Strides{2, 4, 12});
    CHECK(test::first_wrong_pixel(volume) == -1);
    CHECK((volume.storage()->descriptor() >= 0) == !big_endian);
}

TEST_CASE("headers are read as Python would read them", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    for (const char* text : {"{'shape': (1, 2, 3), 'fortran_order': False, 'descr': '<f4'}",
                             "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(1,2,3,)}",
                             " {\n'descr' : '<f4' ,\t'fortran_order': False, 'shape' : ( 1 , 2 , 3 ) , }  \n"}) {
        CAPTURE(text);
        test::write_bytes(file, npy_file(text, sample_pixels(DType::f32, 6)));
        CHECK(test::first_wrong_pixel(io::open_volume(file)) == -1);
    }
}

TEST_CASE("pixels at an odd offset are read into memory", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    std::string text = dictionary("<f8", "False", "(1, 2, 3)");
    while ((text.size() + 10) % 8 != 5) text += ' ';
    test::write_bytes(file, test::npy_start(text) + sample_pixels(DType::f64, 6));
    const AnyVolume volume = io::open_volume(file);
    CHECK(volume.storage()->descriptor() == -1);
    CHECK(test::first_wrong_pixel(volume) == -1);
    CHECK(io::inspect(file).at(0).storage == "C order, read into memory");
}

TEST_CASE("a header longer than 64 KiB is read, and bytes after the pixels are ignored", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    const std::string text = dictionary("<f4", "False", "(1, 2, 3)") + std::string(100'000, ' ');
    test::write_bytes(file, npy_file(text, sample_pixels(DType::f32, 6) + "and more", 2));
    CHECK(test::first_wrong_pixel(io::open_volume(file)) == -1);
}

TEST_CASE("volumes without pixels can be opened", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    for (const char* descr : {"<f4", ">f4"})
        for (const char* shape : {"(0, 5, 7)", "(5, 0, 7)", "(0, 0, 0)"}) {
            CAPTURE(descr, shape);
            test::write_bytes(file, npy_file(dictionary(descr, "False", shape), ""));
            const AnyVolume volume = io::open_volume(file);
            CHECK(volume);
            CHECK(volume.bytes() == 0);
            CHECK(volume.data() != nullptr);  // strides may be added to it
            if (volume.shape().height == 5) CHECK(volume.slice(1, 4).shape.count() == 0);
        }
}

TEST_CASE("a mapped volume starts within the pages it says it has", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    test::write_bytes(file, npy_file(dictionary("<f4", "False", "(7, 31, 33)") + std::string(9000, ' '),
                                     sample_pixels(DType::f32, 7 * 31 * 33)));
    const AnyVolume volume = io::open_volume(file);
    const Storage& storage = *volume.storage();
    CHECK(storage.offset() % 4096 == 0);
    CHECK(storage.offset() >= 8192);
    CHECK(reinterpret_cast<std::uintptr_t>(storage.range().data()) % 4096 == 0);
    CHECK(storage.range().size() % 4096 == 0);
    CHECK(volume.data() >= storage.range().data());
    CHECK(volume.data() + volume.bytes() <= storage.range().data() + storage.range().size());
    CHECK(test::first_wrong_pixel(volume) == -1);
}

TEST_CASE("pixels outlive the name of their file", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    test::write_bytes(file, npy_file(dictionary("<f4", "False", "(3, 5, 7)"), sample_pixels(DType::f32, 105)));
    const AnyVolume volume = io::open_volume(file);
    std::filesystem::remove(file);
    CHECK(test::first_wrong_pixel(volume) == -1);
}

TEST_CASE("opening, looking and failing leave no descriptor behind", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string good = directory.file("a.npy");
    const std::string bad = directory.file("b.npy");
    const std::string bytes = npy_file(dictionary("<f4", "False", "(3, 5, 7)"), sample_pixels(DType::f32, 105));
    test::write_bytes(good, bytes);
    test::write_bytes(bad, bytes.substr(0, 200));
    REQUIRE(AnyVolume::create(DType::f32, {1, 1, 1}).writable());  // the arena, made on first use, keeps its own open
    const std::size_t before = test::open_descriptors();
    for (int i = 0; i < 3; ++i) {
        CHECK(test::first_wrong_pixel(io::open_volume(good)) == -1);
        CHECK(io::inspect(bad).at(0).volume == false);
        CHECK_THROWS_AS(io::open_volume(bad), FormatError);
    }
    CHECK(test::open_descriptors() == before);
    const AnyVolume held = io::open_volume(good);
    CHECK(test::open_descriptors() == before + 1);
}
