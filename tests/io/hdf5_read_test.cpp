// hdf5_read_test.cpp: HDF5 datasets of every layout and type become volumes with the right pixels, or are refused.
// Groups, links and choosing among datasets are in hdf5_links_test.cpp.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>

#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "io/hdf5_samples.hpp"
#include "io/test_files.hpp"
#include "memory/storage.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using test::Hdf5Sample;

namespace {

const std::vector<hsize_t> kShape{3, 5, 7};

void chunked(hid_t creation) {
    const hsize_t chunk[] = {1, 2, 4};
    H5Pset_chunk(creation, 3, chunk);
}

void deflated(hid_t creation) {
    chunked(creation);
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, 4);
}

io::DatasetInfo only_info(const std::string& location) {
    const std::vector<io::DatasetInfo> infos = io::inspect(location);
    REQUIRE(infos.size() == 1);
    return infos[0];
}

}  // namespace

TEST_CASE("a dataset too large for memory is named, with why it would have to be read", "[io][hdf5][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("vast.h5");
    const std::vector<hsize_t> vast{1000, 1000, 1000000};
    const auto in_chunks = [](hid_t creation) {
        const hsize_t chunk[] = {1, 1000, 1000};
        H5Pset_chunk(creation, 3, chunk);
    };
    const auto compressed = [&](hid_t creation) {
        in_chunks(creation);
        H5Pset_deflate(creation, 4);
    };
    {
        const Hdf5Sample sample(file);
        sample.unwritten("/chunked", vast, H5T_IEEE_F32LE, in_chunks);
        sample.unwritten("/compressed", vast, H5T_IEEE_F32LE, compressed);
        sample.unwritten("/swapped", vast, H5T_IEEE_F32BE, in_chunks);
    }
    for (const auto& [path, reason] : {std::pair<std::string, std::string>{"/chunked", "is chunked (1, 1000, 1000)"},
                                       {"/compressed", "is chunked (1, 1000, 1000), deflate"},
                                       {"/swapped", "is chunked (1, 1000, 1000), big-endian"}}) {
        const std::string message = test::message_of([&] { return io::open_volume(file + ":" + path); });
        CAPTURE(message);
        CHECK(message.find("'" + file + ":" + path + "' " + reason + " and has to be read into memory: ") == 0);
        CHECK(message.find("4000.00 GB") != std::string::npos);
        CHECK_THROWS_AS(io::open_volume(file + ":" + path), SystemError);
    }
}

TEST_CASE("contiguous little-endian datasets are mapped", "[io][hdf5]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    const std::vector<std::pair<hid_t, DType>> types{{H5T_STD_U8LE, DType::u8},   {H5T_STD_U8BE, DType::u8},
                                                     {H5T_STD_U16LE, DType::u16}, {H5T_STD_I16LE, DType::i16},
                                                     {H5T_STD_I32LE, DType::i32}, {H5T_IEEE_F32LE, DType::f32},
                                                     {H5T_IEEE_F64LE, DType::f64}};
    for (const auto& [type, dtype] : types) {
        CAPTURE(name_of(dtype));
        Hdf5Sample(file).dataset("/entry/data", kShape, type);
        const AnyVolume volume = io::open_volume(file + ":/entry/data");
        CHECK(volume.dtype() == dtype);
        CHECK(volume.shape() == Shape{3, 5, 7});
        CHECK(volume.storage()->descriptor() >= 0);
        CHECK_FALSE(volume.writable());
        CHECK(test::first_wrong_pixel(volume) == -1);
        CHECK(only_info(file).storage == "contiguous, mapped in place");
        CHECK(only_info(file).dtype == name_of(dtype));
    }
}

TEST_CASE("a user block before the HDF5 file moves the pixels that are mapped", "[io][hdf5]") {
    const test::TemporaryDirectory directory;
    const hsize_t block = GENERATE(512, 4096);
    const std::string file = directory.file("a.h5");
    Hdf5Sample(file, block).dataset("/data", kShape);
    CHECK(test::read_bytes(file)[block + 1] == 'H');
    const AnyVolume volume = io::open_volume(file);
    CHECK(volume.storage()->descriptor() >= 0);
    CHECK(test::first_wrong_pixel(volume) == -1);
}

TEST_CASE("what cannot be mapped is read through the library", "[io][hdf5]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    std::string storage;
    SECTION("chunked") {
        Hdf5Sample(file).dataset("/data", kShape, H5T_STD_U16LE, chunked);
        storage = "chunked (1, 2, 4), read into memory";
    }
    SECTION("compressed") {
        Hdf5Sample(file).dataset("/data", kShape, H5T_STD_U16LE, deflated);
        storage = "chunked (1, 2, 4), shuffle, deflate, read into memory";
    }
    SECTION("compact") {
        Hdf5Sample(file).dataset("/data", kShape, H5T_STD_U16LE,
                                 [](hid_t creation) { H5Pset_layout(creation, H5D_COMPACT); });
        storage = "compact, read into memory";
    }
    SECTION("big-endian") {
        Hdf5Sample(file).dataset("/data", kShape, H5T_STD_U16BE);
        storage = "contiguous, big-endian, read into memory";
    }
    SECTION("in a raw file beside") {
        Hdf5Sample(file).dataset("/data", kShape, H5T_STD_U16LE, [&](hid_t creation) {
            H5Pset_external(creation, directory.file("raw.bin").c_str(), 0, H5F_UNLIMITED);
        });
        storage = "external, read into memory";
    }
    SECTION("fewer bits than bytes") {
        const io::Hdf5TypeHandle type(H5Tcopy(H5T_STD_U16LE));
        H5Tset_precision(type.get(), 12);
        H5Tset_offset(type.get(), 4);
        Hdf5Sample(file).dataset("/data", kShape, type.get());
        storage = "contiguous, read into memory";
    }
    const AnyVolume volume = io::open_volume(file);
    CHECK(volume.dtype() == DType::u16);
    CHECK(volume.storage()->descriptor() == -1);
    CHECK(test::first_wrong_pixel(volume) == -1);
    CHECK(only_info(file).storage == storage);
}

TEST_CASE("a dataset that was never written reads as its fill value", "[io][hdf5]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    Hdf5Sample(file).unwritten("/data", kShape);
    CHECK(test::touch_every_pixel(io::open_volume(file)) == 0.0);
}

TEST_CASE("datasets without pixels can be opened", "[io][hdf5]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    Hdf5Sample(file).unwritten("/data", {0, 5, 7});
    CHECK(io::open_volume(file).shape() == Shape{0, 5, 7});
}

TEST_CASE("datasets of other types and ranks are refused with the reason", "[io][hdf5][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    const io::Hdf5TypeHandle half(H5Tcopy(H5T_IEEE_F32LE));
    H5Tset_fields(half.get(), 15, 10, 5, 0, 10);
    H5Tset_size(half.get(), 2);
    H5Tset_ebias(half.get(), 15);
    const io::Hdf5TypeHandle truth(H5Tenum_create(H5T_NATIVE_INT8));
    const signed char values[] = {0, 1};
    H5Tenum_insert(truth.get(), "FALSE", &values[0]);
    H5Tenum_insert(truth.get(), "TRUE", &values[1]);
    {
        const Hdf5Sample sample(file);
        sample.dataset("/half", kShape, half.get());
        sample.unwritten("/truth", kShape, truth.get());
        sample.dataset("/long", kShape, H5T_STD_I64LE);
        sample.dataset("/unsigned", kShape, H5T_STD_U32LE);
        sample.dataset("/scalar", {});
        sample.dataset("/row", {105});
        sample.unwritten("/huge", {hsize_t{1} << 40, hsize_t{1} << 20, 3});
        sample.unwritten("/hidden", {0, hsize_t{1} << 40, hsize_t{1} << 40});
    }
    const std::vector<std::pair<std::string, std::string>> expected{
        {"/half", "float16"},         {"/truth", "enumeration"},        {"/long", "int64"},
        {"/unsigned", "uint32"},      {"/scalar", "holds a scalar ()"}, {"/row", "holds a 1-D array (105,)"},
        {"/huge", "larger than any"}, {"/hidden", "larger than any"}};
    for (const auto& [path, reason] : expected) {
        CAPTURE(path, reason);
        CHECK_THROWS_AS(io::open_volume(file + ":" + path), FormatError);
        const std::string message = test::message_of([&] { return io::open_volume(file + ":" + path); });
        CAPTURE(message);
        CHECK(message.find(reason) != std::string::npos);
        CHECK(message.find(file + ":" + path) != std::string::npos);
        CHECK(only_info(file + ":" + path).why_not.find(reason) != std::string::npos);
        CHECK_FALSE(only_info(file + ":" + path).volume);
    }
}

TEST_CASE("a dataset larger than the machine is a SystemError before anything is read", "[io][hdf5][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    Hdf5Sample(file).unwritten("/data", {hsize_t{1} << 20, hsize_t{1} << 20, 16});
    CHECK_THROWS_AS(io::open_volume(file), SystemError);
}

TEST_CASE("a filter that is not installed is named", "[io][hdf5][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    constexpr H5Z_filter_t kNobodysFilter = 32767;
    Hdf5Sample(file).dataset("/data", kShape, H5T_IEEE_F32LE, [](hid_t creation) {
        chunked(creation);
        H5Pset_filter(creation, kNobodysFilter, H5Z_FLAG_OPTIONAL, 0, nullptr);
    });
    const std::string message = test::message_of([&] { return io::open_volume(file + ":/data"); });
    CHECK(message.find("filter 32767") != std::string::npos);
    CHECK(message.find("HDF5_PLUGIN_PATH") != std::string::npos);
    CHECK_FALSE(only_info(file).volume);
}

TEST_CASE("a cut-off HDF5 file is refused at any length", "[io][hdf5][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    Hdf5Sample(file).dataset("/data", kShape);
    const std::string whole = test::read_bytes(file);
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 37) {
        CAPTURE(bytes);
        test::write_bytes(file, whole.substr(0, bytes));
        CHECK_THROWS_AS(io::open_volume(file), FormatError);
    }
    CHECK(test::message_of([&] { return io::open_volume(file); }).find("truncated file") != std::string::npos);
}

TEST_CASE("a dataset that lies about where its pixels are is refused", "[io][hdf5][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    std::uint64_t offset = 0;
    {
        const Hdf5Sample sample(file);
        sample.dataset("/filler", {1, 1, 123});  // so that the offset is a number found nowhere else
        sample.dataset("/data", kShape);
        const io::Hdf5ObjectHandle dataset(H5Dopen2(sample.id(), "/data", H5P_DEFAULT));
        offset = H5Dget_offset(dataset.get());
    }
    std::string bytes = test::read_bytes(file);
    const std::size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&offset), sizeof(offset)));
    REQUIRE(at != std::string::npos);
    REQUIRE(bytes.rfind(std::string(reinterpret_cast<const char*>(&offset), sizeof(offset))) == at);
    for (const std::uint64_t lie :
         {std::uint64_t{bytes.size() - 416}, std::uint64_t{1} << 40, ~std::uint64_t{0} - 15}) {
        CAPTURE(lie);
        std::memcpy(bytes.data() + at, &lie, sizeof(lie));
        test::write_bytes(file, bytes);
        CHECK_THROWS_AS(io::open_volume(file + ":/data"), FormatError);
        CHECK(test::message_of([&] { return io::open_volume(file + ":/data"); }).find("is cut off") !=
              std::string::npos);
    }
}

namespace {

int host_errors = 0;
herr_t host_handler(hid_t, void* count) {
    ++*static_cast<int*>(count);
    return 0;
}

}  // namespace

TEST_CASE("the host's HDF5 error handler sees none of our errors and is back afterwards", "[io][hdf5][guest]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    Hdf5Sample(file).dataset("/data", kShape);
    H5E_auto2_t before = nullptr;
    void* before_data = nullptr;
    H5Eget_auto2(H5E_DEFAULT, &before, &before_data);
    H5Eset_auto2(H5E_DEFAULT, host_handler, &host_errors);
    CHECK_THROWS_AS(io::open_volume(file + ":/nothing"), InvalidArgument);
    CHECK(test::first_wrong_pixel(io::open_volume(file)) == -1);
    CHECK(host_errors == 0);
    CHECK(H5Fopen(directory.file("missing.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT) < 0);
    CHECK(host_errors == 1);
    H5Eset_auto2(H5E_DEFAULT, before, before_data);
}

TEST_CASE("no HDF5 object and no descriptor stays open", "[io][hdf5][guest]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/mapped", kShape);
        sample.dataset("/read", kShape, H5T_IEEE_F32LE, deflated);
        sample.soft_link("/broken", "/nowhere");
    }
    REQUIRE(AnyVolume::create(DType::f32, {1, 1, 1}).writable());  // the arena, made on first use, keeps its own open
    const std::size_t before = test::open_descriptors();
    for (int i = 0; i < 3; ++i) {
        CHECK(test::first_wrong_pixel(io::open_volume(file + ":/mapped")) == -1);
        CHECK(test::first_wrong_pixel(io::open_volume(file + ":/read")) == -1);
        CHECK_THROWS_AS(io::open_volume(file), InvalidArgument);
        CHECK_THROWS_AS(io::open_volume(file + ":/broken"), FormatError);
        CHECK(io::inspect(file).size() == 3);
    }
    CHECK(test::open_descriptors() == before);
    CHECK(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
}

TEST_CASE("a file that the host holds open for writing can be read", "[io][hdf5][guest]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    const Hdf5Sample sample(file);
    sample.dataset("/data", kShape);
    H5Fflush(sample.id(), H5F_SCOPE_GLOBAL);
    CHECK(test::first_wrong_pixel(io::open_volume(file)) == -1);
}

TEST_CASE("many threads may open HDF5 files at once", "[io][hdf5]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/mapped", kShape);
        sample.dataset("/read", kShape, H5T_IEEE_F32LE, deflated);
    }
    std::vector<std::int64_t> wrong(8, 0);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < wrong.size(); ++i)
            threads.emplace_back([&, i] {
                std::int64_t sum = 0;
                for (int round = 0; round < 20; ++round)
                    sum += test::first_wrong_pixel(io::open_volume(file + (i % 2 == 0 ? ":/mapped" : ":/read")));
                wrong[i] = sum;
            });
    }
    for (const std::int64_t sum : wrong) CHECK(sum == -20);
}
