// info_test.cpp: `slicepool info`, for people and for programs.
#include <string>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using nlohmann::json;

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("info tells what a .npy file holds and what a run would take", "[cli][info]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("in.npy");
    test::write_bytes(file, test::npy_file("{'descr': '<u2', 'fortran_order': False, 'shape': (30, 40, 50), }",
                                           test::sample_pixels(DType::u16, 60000)));
    const os::ProgramResult text = test::slicepool({"info", file});
    CAPTURE(text.output);
    CHECK(text.status.code == 0);
    CHECK(text.error_output.empty());
    for (const char* part :
         {"uint16 (30, 40, 50)", "120 kB mapped from the file", "240 kB as float32", "--axis 0: 30 slices of (40, 50)",
          "--axis 1: 40 slices of (30, 50)", "--axis 2: 50 slices of (30, 40)"}) {
        CAPTURE(part);
        CHECK(contains(text.output, part));
    }
    const json parsed = json::parse(test::slicepool({"info", file, "--json"}).output);
    CHECK(parsed["file"] == file);
    REQUIRE(parsed["datasets"].size() == 1);
    const json& dataset = parsed["datasets"][0];
    CHECK(dataset["shape"] == json({30, 40, 50}));
    CHECK(dataset["dtype"] == "uint16");
    CHECK(dataset["volume"] == true);
    CHECK(dataset["run"] == json({{"input_bytes", 120000},
                                  {"input_mapped", true},
                                  {"output_float32_bytes", 240000},
                                  {"slices", {30, 40, 50}}}));
}

TEST_CASE("info says why an array is no volume", "[cli][info]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("flat.npy");
    test::write_bytes(
        file, test::npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", std::string(24, '\0')));
    const os::ProgramResult text = test::slicepool({"info", file});
    CAPTURE(text.output);
    CHECK(text.status.code == 0);
    CHECK(contains(text.output, "cannot be opened as a volume"));
    const json dataset = json::parse(test::slicepool({"info", file, "--json"}).output)["datasets"][0];
    CHECK(dataset["volume"] == false);
    CHECK(dataset["why_not"] != "");
    CHECK(dataset["run"] == nullptr);
}

#ifdef SLICEPOOL_HAS_HDF5
TEST_CASE("a run writes HDF5 that info and another run read", "[cli][info][hdf5]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {4, 5, 6});
    const std::string output = directory.file("out.h5") + ":/entry/smooth";
    REQUIRE(test::slicepool({"run", directory.file("in.npy"), output, "-f", "gaussian sigma=1"}).status.code == 0);
    const os::ProgramResult text = test::slicepool({"info", directory.file("out.h5")});
    CAPTURE(text.output);
    CHECK(contains(text.output, "/entry/smooth  float32 (4, 5, 6)"));
    CHECK(contains(text.output, "mapped"));
    CHECK(test::slicepool({"run", directory.file("out.h5"), directory.file("back.npy"), "-f", "median size=1"})
              .status.code == 0);
    const os::ProgramResult again =
        test::slicepool({"run", directory.file("in.npy"), output, "-f", "gaussian sigma=1"});
    CHECK(again.status.code == 2);
    CHECK(contains(again.error_output, "exists"));
}
#endif
