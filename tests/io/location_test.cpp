// location_test.cpp: how names of volumes are split, and when two of them mean one file.
// What the files hold does not matter here.
#include <slicepool/core/error.hpp>
#include <slicepool/io/location.hpp>

#include <filesystem>

#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using io::parse_location;

TEST_CASE("a name is split after the HDF5 suffix", "[io][location]") {
    CHECK(parse_location("scan.npy").file == "scan.npy");
    CHECK(parse_location("scan.npy").dataset.empty());
    CHECK(parse_location("no-such-dir/scan.h5").dataset.empty());
    for (const char* file : {"scan.h5", "a/b.hdf5", "x.HDF", "/y.nxs", "12:30/scan.h5"}) {
        const io::Location location = parse_location(std::string(file) + ":/entry/data");
        CHECK(location.file == file);
        CHECK(location.dataset == "/entry/data");
    }
}

TEST_CASE("a dataset path always starts at the root", "[io][location]") {
    CHECK(parse_location("s.h5:data").dataset == "/data");
    CHECK(parse_location("s.h5://a//b/").dataset == "/a/b");
    CHECK(parse_location("s.h5:").dataset.empty());
    CHECK(parse_location("s.h5:/").dataset.empty());
    CHECK(parse_location("s.h5:/a:b").dataset == "/a:b");
}

TEST_CASE("a path with a colon that exists is taken as it is", "[io][location]") {
    const test::TemporaryDirectory directory;
    const std::string odd = directory.file("scan.h5:data");
    CHECK(parse_location(odd).dataset == "/data");
    test::write_bytes(odd, "x");
    CHECK(parse_location(odd).file == odd);
    CHECK(parse_location(odd).dataset.empty());
    CHECK(parse_location(odd + ":/entry").file == odd);
}

TEST_CASE("an existing file of any name can be followed by a dataset", "[io][location]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("scan.dat");
    CHECK(parse_location(file + ":/entry").file == file + ":/entry");
    test::write_bytes(file, "x");
    CHECK(parse_location(file + ":/entry").file == file);
    CHECK(parse_location(file + ":/entry").dataset == "/entry");
}

TEST_CASE("an empty name is refused", "[io][location]") { CHECK_THROWS_AS(parse_location(""), InvalidArgument); }

TEST_CASE("one file is recognised under several names", "[io][location]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.h5");
    test::write_bytes(file, "x");
    std::filesystem::create_symlink(file, directory.file("soft.h5"));
    std::filesystem::create_hard_link(file, directory.file("hard.h5"));
    CHECK(io::same_file(file, file + ":/data"));
    CHECK(io::same_file(file, directory.file("./a.h5:/x")));
    CHECK(io::same_file(file, directory.file("soft.h5")));
    CHECK(io::same_file(file, directory.file("hard.h5")));
    CHECK_FALSE(io::same_file(file, directory.file("b.h5")));
    CHECK(io::same_file(directory.file("new.npy"),
                        directory.file("../" + directory.path().filename().native() + "/new.npy")));
}
