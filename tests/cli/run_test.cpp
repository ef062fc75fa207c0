// run_test.cpp: `slicepool run` on good input: what is in the output, the report and the summary.
// That filters agree with their references is tested in tests/filters; here the library itself is the reference.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <slicepool/filters/registry.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/pool/process_slices.hpp>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "report/schema_check.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"

using namespace slicepool;
using nlohmann::json;

namespace {

const std::vector<std::string> kBackends{"serial", "threads", "processes"};

os::ProgramResult run_well(const std::vector<std::string>& arguments) {
    os::ProgramResult result = test::slicepool(arguments);
    INFO("it said: " << result.error_output);
    REQUIRE(result.status.signal == 0);
    REQUIRE(result.status.code == 0);
    CHECK(result.output.empty());
    return result;
}

/// The pixels of `volume` in C order, as bytes.
std::string pixels_of(const AnyVolume& volume) {
    std::string bytes;
    for (std::int64_t z = 0; z < volume.shape().depth; ++z) {
        const Slice slice = volume.slice(0, z);
        for (std::int64_t y = 0; y < slice.shape.rows; ++y)
            for (std::int64_t x = 0; x < slice.shape.columns; ++x)
                bytes.append(reinterpret_cast<const char*>(slice.data + y * slice.row_stride + x * slice.column_stride),
                             size_of(volume.dtype()));
    }
    return bytes;
}

std::string expected_pixels(const std::string& input, const std::string& filter, int axis, DType dtype = DType::f32) {
    const AnyVolume volume = io::open_volume(input);
    const AnyVolume output = AnyVolume::create(dtype, volume.shape());
    Options options;
    options.axis = axis;
    options.backend = Backend::serial;
    REQUIRE(process_slices(volume, output, filters::parse_filter(filter), options).ok());
    return pixels_of(output);
}

}  // namespace

TEST_CASE("the environment chooses backend and workers where the command line does not", "[cli]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {12, 6, 7});
    const test::EnvironmentVariable backend("SLICEPOOL_BACKEND", "threads");
    const test::EnvironmentVariable jobs("SLICEPOOL_N_JOBS", "3");
    const std::vector<std::string> request{"run", directory.file("in.npy"), directory.file("out.npy"), "--filter",
                                           "uniform size=3"};
    CHECK(run_well(request).error_output.find("on 3 threads") != std::string::npos);
    std::vector<std::string> explicit_request = request;
    explicit_request.insert(explicit_request.end(), {"--backend", "processes", "--jobs", "2"});
    CHECK(run_well(explicit_request).error_output.find("on 2 processes") != std::string::npos);
}

TEST_CASE("every backend writes the same file along every axis", "[cli][run]") {
    const test::TemporaryDirectory directory;
    const std::string input = directory.file("in.npy");
    test::write_rough_volume(input, {7, 11, 23});
    for (const int axis : {0, 1, 2, -1}) {
        const std::string expected = expected_pixels(input, "gaussian sigma=2,1", axis < 0 ? axis + 3 : axis);
        std::string first_file;
        for (const std::string& backend : kBackends) {
            CAPTURE(axis, backend);
            const std::string output = directory.file(backend + ".npy");
            static_cast<void>(run_well({"run", input, output, "--filter", "gaussian sigma=2,1", "--axis",
                                        std::to_string(axis), "--backend", backend, "--jobs", "3"}));
            CHECK(pixels_of(io::open_volume(output)) == expected);
            const std::string bytes = test::read_bytes(output);
            if (first_file.empty()) first_file = bytes;
            CHECK(bytes == first_file);
        }
    }
    CHECK(directory.listing() == "in.npy processes.npy serial.npy threads.npy");
}

TEST_CASE("pinned workers write the same file", "[cli][run]") {
    const test::TemporaryDirectory directory;
    const std::string input = directory.file("in.npy");
    const std::string output = directory.file("out.npy");
    test::write_rough_volume(input, {7, 11, 23});
    for (const char* pin : {"none", "cores", "nodes"})
        for (const char* backend : {"threads", "processes"}) {
            CAPTURE(pin, backend);
            static_cast<void>(run_well({"run", input, output, "--filter", "gaussian sigma=2,1", "--backend", backend,
                                        "--jobs", "3", "--pin", pin}));
            CHECK(pixels_of(io::open_volume(output)) == expected_pixels(input, "gaussian sigma=2,1", 0));
        }
}

TEST_CASE("a chain is its filters one after the other", "[cli][run]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {5, 13, 17});
    static_cast<void>(
        run_well({"run", directory.file("in.npy"), directory.file("one.npy"), "--filter", "median size=3"}));
    static_cast<void>(
        run_well({"run", directory.file("one.npy"), directory.file("two.npy"), "--filter", "gaussian sigma=1"}));
    static_cast<void>(run_well({"run", directory.file("in.npy"), directory.file("chain.npy"), "--filter",
                                "median size=3", "--filter", "gaussian sigma=1"}));
    CHECK(test::read_bytes(directory.file("chain.npy")) == test::read_bytes(directory.file("two.npy")));
}

TEST_CASE("filters may stand before the files", "[cli][run]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {2, 3, 4});
    static_cast<void>(
        run_well({"run", "--filter", "median size=3", directory.file("in.npy"), directory.file("out.npy")}));
    CHECK(io::open_volume(directory.file("out.npy")).shape() == Shape{2, 3, 4});
}

TEST_CASE("the output holds just the chosen slices, and the report their places in the input", "[cli][run]") {
    const test::TemporaryDirectory directory;
    const std::string input = directory.file("in.npy");
    test::write_rough_volume(input, {6, 11, 5});
    const AnyVolume whole = io::open_volume(input);
    struct Choice {
        const char* text;
        AxisRange range;
        std::vector<int> places;
    };
    const Choice choice = GENERATE(Choice{"1:8:3", {1, 8, 3}, {1, 4, 7}}, Choice{"-2:", {-2, {}, 1}, {9, 10}},
                                   Choice{":2", {{}, 2, 1}, {0, 1}}, Choice{"9:99", {9, 99, 1}, {9, 10}},
                                   Choice{"::5", {{}, {}, 5}, {0, 5, 10}});
    CAPTURE(choice.text);
    static_cast<void>(run_well({"run", input, directory.file("out.npy"), "--filter", "gaussian sigma=1", "--axis", "1",
                                "--slices", choice.text, "--report", directory.file("r.json")}));
    const AnyVolume all_slices = AnyVolume::create(DType::f32, whole.shape());
    Options options;
    options.axis = 1;
    options.backend = Backend::serial;
    REQUIRE(process_slices(whole, all_slices, filters::parse_filter("gaussian sigma=1"), options).ok());
    const AnyVolume output = io::open_volume(directory.file("out.npy"));
    CHECK(output.shape() == Shape{6, static_cast<std::int64_t>(choice.places.size()), 5});
    CHECK(pixels_of(output) == pixels_of(all_slices.view({}, choice.range, {})));

    const json report = test::load_json(directory.file("r.json"));
    std::vector<int> places;
    for (const json& slice : report["slices"]) places.push_back(slice["index"]);
    CHECK(places == choice.places);
    CHECK(report["input"]["shape"] == json({6, 11, 5}));
}

TEST_CASE("the pixel type is the one asked for", "[cli][run]") {
    const test::TemporaryDirectory directory;
    const std::string input = directory.file("in.npy");
    test::write_bytes(input, test::npy_file("{'descr': '<u2', 'fortran_order': False, 'shape': (3, 5, 7), }",
                                            test::sample_pixels(DType::u16, 105)));
    const auto output_type = [&](const std::vector<std::string>& options) {
        std::vector<std::string> arguments{"run", input, directory.file("out.npy"), "--filter", "median size=3"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        static_cast<void>(run_well(arguments));
        return io::open_volume(directory.file("out.npy")).dtype();
    };
    CHECK(output_type({}) == DType::f32);
    CHECK(output_type({"--dtype", "float64"}) == DType::f64);
    CHECK(output_type({"--dtype", "input"}) == DType::u16);
}

TEST_CASE("NaN in the input goes through, the same on every backend", "[cli][run]") {
    const test::TemporaryDirectory directory;
    const std::string input = directory.file("in.npy");
    test::write_volume(input, {3, 9, 9}, [](std::int64_t z, std::int64_t y, std::int64_t x) {
        return z == 1 && y == 4 && x == 4 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(x);
    });
    std::string first;
    for (const std::string& backend : kBackends) {
        CAPTURE(backend);
        const std::string output = directory.file(backend + ".npy");
        static_cast<void>(run_well({"run", input, output, "--filter", "gaussian sigma=0.5", "--backend", backend}));
        const Volume<float> volume(io::open_volume(output));
        CHECK(std::isnan(volume(1, 4, 4)));
        CHECK(std::isnan(volume(1, 3, 5)));
        CHECK(!std::isnan(volume(1, 0, 0)));
        CHECK(!std::isnan(volume(0, 4, 4)));
        const std::string bytes = test::read_bytes(output);
        if (first.empty()) first = bytes;
        CHECK(bytes == first);
    }
}

TEST_CASE("the report tells of the run and keeps to its schema", "[cli][run][report]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {5, 6, 7});
    for (const std::string& backend : kBackends) {
        CAPTURE(backend);
        const std::string report_file = directory.file("r.json");
        static_cast<void>(run_well({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter",
                                    "uniform size=3", "--backend", backend, "--jobs", "2", "--report", report_file}));
        const json report = test::load_json(report_file);
        for (const std::string& breach : test::schema_breaches(report, test::load_json(SLICEPOOL_REPORT_SCHEMA)))
            FAIL_CHECK(breach);
        CHECK(report["ok"] == true);
        CHECK(report["backend"] == backend);
        CHECK(report["worker_count"] == (backend == "serial" ? 1 : 2));
        CHECK(report["filters"] == json::array({"uniform size=3"}));
        CHECK(report["command"][1] == "run");
        CHECK(report["output"]["location"] == directory.file("out.npy"));
        CHECK(report["output"]["dtype"] == "float32");
        CHECK(report["output"]["written"] == true);
        CHECK(report["totals"]["done"] == 5);
        CHECK(report["totals"]["peak_memory_bytes"].is_number());
    }
    CHECK(directory.listing() == "in.npy out.npy r.json");
}

TEST_CASE("a summary in one line is all a good run says", "[cli][run]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {5, 6, 7});
    const std::string said = run_well({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter",
                                       "uniform size=3", "--jobs", "2", "--progress", "none"})
                                 .error_output;
    CAPTURE(said);
    CHECK(said.rfind("5 slices in ", 0) == 0);
    CHECK(said.find(" on 2 processes (") != std::string::npos);
    CHECK(said.find(" slices/s, ") != std::string::npos);
    CHECK(said.find(", peak ") != std::string::npos);
    CHECK(said.find("; output " + directory.file("out.npy") + " float32 (5, 6, 7)\n") != std::string::npos);
    CHECK(std::count(said.begin(), said.end(), '\n') == 1);
}

TEST_CASE("a run started with its standard streams closed writes nothing into the output", "[cli][run]") {
    const test::TemporaryDirectory directory;
    const std::string input = directory.file("in.npy");
    test::write_rough_volume(input, {5, 6, 7});
    const os::ProgramResult result =
        os::run_program({"sh", "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", SLICEPOOL_PROGRAM, "run", input,
                         directory.file("out.npy"), "-f", "median size=3", "--progress", "json"},
                        std::chrono::minutes(4));
    CHECK(result.status.code == 0);
    CHECK(pixels_of(io::open_volume(directory.file("out.npy"))) == expected_pixels(input, "median size=3", 0));
    static_cast<void>(run_well({"run", input, directory.file("calm.npy"), "-f", "median size=3"}));
    CHECK(test::read_bytes(directory.file("out.npy")) == test::read_bytes(directory.file("calm.npy")));
}

TEST_CASE("slices that time out are filled, named, and make the exit code 1", "[cli][run]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {13, 40, 40});
    // No slice can be done in a nanosecond.
    const os::ProgramResult result =
        test::slicepool({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter", "median size=15",
                         "--jobs", "2", "--timeout", "1e-9", "--max-attempts", "1", "--fill", "-1.5", "--report",
                         directory.file("r.json"), "--progress", "none"});
    CAPTURE(result.error_output);
    CHECK(result.status.code == 1);
    const json report = test::load_json(directory.file("r.json"));
    for (const std::string& breach : test::schema_breaches(report, test::load_json(SLICEPOOL_REPORT_SCHEMA)))
        FAIL_CHECK(breach);
    CHECK(report["ok"] == false);
    CHECK(report["output"]["written"] == true);
    const Volume<float> output(io::open_volume(directory.file("out.npy")));
    int missing = 0;
    for (const json& slice : report["slices"]) {
        if (slice["status"] == "done") continue;
        ++missing;
        CHECK(output(slice["index"], 0, 0) == -1.5f);
        CHECK(output(slice["index"], 39, 39) == -1.5f);
    }
    CHECK(missing > 0);
    CHECK(result.error_output.find("slice ") != std::string::npos);
    if (missing > 10)
        CHECK(result.error_output.find("and " + std::to_string(missing - 10) + " more\n") != std::string::npos);
    CHECK(result.error_output.find(" of 13 slices in ") != std::string::npos);
}
