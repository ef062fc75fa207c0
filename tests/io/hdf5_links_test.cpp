// hdf5_links_test.cpp: which datasets are found in an HDF5 file, through groups and links, and which one is meant.
// How their pixels are brought is in hdf5_read_test.cpp.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "io/hdf5_samples.hpp"
#include "io/test_files.hpp"
#include "memory/storage.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using test::Hdf5Sample;

namespace {

const std::vector<hsize_t> kShape{3, 5, 7};

std::string paths(const std::vector<io::DatasetInfo>& infos) {
    std::string text;
    for (const io::DatasetInfo& info : infos) text += (text.empty() ? "" : " ") + info.path;
    return text;
}

}  // namespace

TEST_CASE("the only volume in a file needs no path", "[io][hdf5][links]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("scan.nxs");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/entry/instrument/detector/data", kShape);
        sample.dataset("/entry/angle", {3});
        sample.dataset("/entry/image_key", {3, 5, 7}, H5T_STD_I64LE);
        sample.dataset("/entry/title", {});
    }
    CHECK(test::first_wrong_pixel(io::open_volume(file)) == -1);
    CHECK(paths(io::inspect(file)) == "/entry/angle /entry/image_key /entry/instrument/detector/data /entry/title");
}

TEST_CASE("a volume that links name twice is still the only one", "[io][hdf5][links]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("scan.nxs");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/entry/instrument/detector/data", kShape);
        sample.group("/entry/data");
        sample.hard_link("/entry/data/hard", "/entry/instrument/detector/data");
        sample.soft_link("/entry/data/soft", "/entry/instrument/detector/data");
    }
    CHECK(test::first_wrong_pixel(io::open_volume(file)) == -1);
    CHECK(paths(io::inspect(file)) == "/entry/data/hard");
    CHECK(test::first_wrong_pixel(io::open_volume(file + ":/entry/data/soft")) == -1);
}

TEST_CASE("several volumes are listed for the user to choose from", "[io][hdf5][links][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("scan.h5");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/exchange/data", kShape);
        sample.dataset("/exchange/data_white", {1, 5, 7}, H5T_STD_U16LE);
        sample.dataset("/exchange/theta", {3}, H5T_IEEE_F64LE);
    }
    CHECK_THROWS_AS(io::open_volume(file), InvalidArgument);
    const std::string message = test::message_of([&] { return io::open_volume(file); });
    CHECK(message.find("/exchange/data (3, 5, 7) float32; /exchange/data_white (1, 5, 7) uint16") != std::string::npos);
    CHECK(message.find("theta") == std::string::npos);
}

TEST_CASE("a file without a volume says what it holds instead", "[io][hdf5][links][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("scan.h5");
    { const Hdf5Sample empty(file); }
    CHECK(test::message_of([&] { return io::open_volume(file); }).find("it holds: nothing") != std::string::npos);
    CHECK(io::inspect(file).empty());
    {
        const Hdf5Sample sample(file);
        sample.dataset("/theta", {3}, H5T_IEEE_F64LE);
        for (int i = 10; i < 35; ++i) sample.dataset("/z" + std::to_string(i), {2, 2});
    }
    CHECK_THROWS_AS(io::open_volume(file), FormatError);
    const std::string message = test::message_of([&] { return io::open_volume(file); });
    CAPTURE(message);
    CHECK(message.find("/theta (3,) float64; /z10 (2, 2) float32") != std::string::npos);
    CHECK(message.find("and 6 more") != std::string::npos);
}

TEST_CASE("a misspelt dataset is met with the nearest name", "[io][hdf5][links][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("scan.h5");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/exchange/data", kShape);
        sample.dataset("/exchange/data_white", kShape);
    }
    CHECK_THROWS_AS(io::open_volume(file + ":/exchange/dta"), InvalidArgument);
    CHECK(test::message_of([&] {
              return io::open_volume(file + ":/exchange/dta");
          }).find("did you mean '/exchange/data'?") != std::string::npos);
    CHECK(test::message_of([&] {
              return io::inspect(file + ":/exchange/data_whit");
          }).find("'/exchange/data_white'?") != std::string::npos);
    CHECK(test::message_of([&] {
              return io::open_volume(file + ":/q");
          }).find("it holds: /exchange/data (3, 5, 7) float32;") != std::string::npos);
}

TEST_CASE("a group is no dataset, but its datasets can be listed", "[io][hdf5][links][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("scan.h5");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/a/x", kShape);
        sample.dataset("/a/deep/y", kShape);
        sample.dataset("/b", kShape);
    }
    CHECK_THROWS_AS(io::open_volume(file + ":/a"), InvalidArgument);
    const std::string message = test::message_of([&] { return io::open_volume(file + ":/a"); });
    CHECK(message.find("is a group, not a dataset; it holds: /a/deep/y (3, 5, 7) float32; /a/x") != std::string::npos);
    CHECK(paths(io::inspect(file + ":/a")) == "/a/deep/y /a/x");
    CHECK(paths(io::inspect(file + ":/b")) == "/b");
}

TEST_CASE("links in circles come to an end", "[io][hdf5][links]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    {
        const Hdf5Sample sample(file);
        sample.dataset("/g/h/data", kShape);
        sample.soft_link("/g/h/up", "/g");
        sample.hard_link("/g/h/self", "/g/h");
        sample.soft_link("/loop", "/loop");
        sample.external_link("/g/other", "b.h5", "/");
    }
    {
        const Hdf5Sample other(directory.file("b.h5"));
        other.external_link("/c", "c.h5", "/");
    }
    {
        const Hdf5Sample third(directory.file("c.h5"));
        third.external_link("/back", "b.h5", "/");
        third.external_link("/start", "a.h5", "/g");
        third.dataset("/far", {2, 2});
    }
    CHECK(paths(io::inspect(file)) == "/g/h/data /g/other/c/far /loop");
    CHECK(test::first_wrong_pixel(io::open_volume(file)) == -1);
    CHECK(test::first_wrong_pixel(io::open_volume(file + ":/g/h/self/up/h/data")) == -1);
}

TEST_CASE("an external link is followed to the pixels of the other file", "[io][hdf5][links]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("master.nxs");
    Hdf5Sample(directory.file("pco1-77.hdf")).dataset("/entry/data", kShape, H5T_STD_U16LE);
    Hdf5Sample(file).external_link("/data", "pco1-77.hdf", "/entry/data");
    const AnyVolume volume = io::open_volume(file);
    CHECK(volume.storage()->descriptor() >= 0);
    CHECK(test::first_wrong_pixel(volume) == -1);
}

TEST_CASE("a link that leads nowhere says where it should lead", "[io][hdf5][links][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("master.nxs");
    {
        const Hdf5Sample sample(file);
        sample.external_link("/data", "pco1-77.hdf", "/entry/data");
        sample.soft_link("/soft", "/gone");
    }
    CHECK_THROWS_AS(io::open_volume(file + ":/data"), FormatError);
    CHECK(test::message_of([&] { return io::open_volume(file + ":/data"); }).find("to 'pco1-77.hdf:/entry/data'") !=
          std::string::npos);
    const std::vector<io::DatasetInfo> infos = io::inspect(file);
    REQUIRE(infos.size() == 2);
    CHECK(infos[0].why_not == "is a link that leads nowhere: to 'pco1-77.hdf:/entry/data'");
    CHECK(infos[1].why_not == "is a link that leads nowhere: to '/gone'");
    CHECK(infos[1].storage == "link");
}
