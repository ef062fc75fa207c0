// schema_test.cpp: reports keep to docs/report.schema.json, as our own check and Python's jsonschema read it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "report/sample_report.hpp"
#include "report/schema_check.hpp"
#include "support/catch.hpp"

#include "os/launch.hpp"

using namespace slicepool;
using nlohmann::json;

namespace {

/// The interpreter that SLICEPOOL_TEST_PYTHON names, else the first python3 in PATH.
std::string python() {
    const char* const named = std::getenv("SLICEPOOL_TEST_PYTHON");
    return named != nullptr ? named : "python3";
}

json schema() { return test::load_json(SLICEPOOL_REPORT_SCHEMA); }

}  // namespace

TEST_CASE("a report with one of everything keeps to the schema", "[report][schema]") {
    const json document = json::parse(report::to_json(test::sample_report(), test::sample_context()));
    for (const std::string& breach : test::schema_breaches(document, schema())) FAIL_CHECK(breach);
}

TEST_CASE("the schema refuses what is no report", "[report][schema]") {
    const json good = json::parse(report::to_json(test::sample_report(), test::sample_context()));
    const json rules = schema();
    const auto refused = [&](auto&& spoil) {
        json bad = good;
        spoil(bad);
        return !test::schema_breaches(bad, rules).empty();
    };
    CHECK(refused([](json& bad) { bad.erase("totals"); }));
    CHECK(refused([](json& bad) { bad["extra"] = 1; }));
    CHECK(refused([](json& bad) { bad["axis"] = 3; }));
    CHECK(refused([](json& bad) { bad["input"]["shape"] = {1, 2}; }));
    CHECK(refused([](json& bad) { bad["totals"]["done"] = -1; }));
    CHECK(refused([](json& bad) { bad["totals"]["done"] = 1.5; }));
    CHECK(refused([](json& bad) { bad["slices"][0]["status"] = "fine"; }));
    CHECK(refused([](json& bad) { bad["slices"][0]["causes"][0].erase("text"); }));
    CHECK(refused([](json& bad) { bad["workers"][0]["cause"] = "unknown"; }));
    CHECK(refused([](json& bad) { bad["gave_up"] = 0; }));
}

TEST_CASE("Python's jsonschema takes the report too", "[report][schema]") {
    if (!os::find_program(python()) ||
        os::run_program({python(), "-c", "import jsonschema; jsonschema.Draft202012Validator"},
                        std::chrono::seconds(60))
                .status.code != 0) {
        WARN("skipped: " + python() + " has no module jsonschema, or one before 4.0");
        return;
    }
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("slicepool-report-" + std::to_string(os::process_id()) + ".json");
    std::ofstream(file) << report::to_json(test::sample_report(), test::sample_context());
    const os::ProgramResult result =
        os::run_program({python(), "-c",
                         "import json, jsonschema, sys\n"
                         "schema, document = (json.load(open(name)) for name in sys.argv[1:])\n"
                         "jsonschema.Draft202012Validator.check_schema(schema)\n"
                         "jsonschema.Draft202012Validator(schema).validate(document)",
                         SLICEPOOL_REPORT_SCHEMA, file.native()},
                        std::chrono::seconds(60));
    std::filesystem::remove(file);
    CAPTURE(result.error_output);
    CHECK(result.status.code == 0);
}
