// json_test.cpp: what stands in the JSON report. Whether it keeps to its schema is in schema_test.cpp.
#include <slicepool/report/json.hpp>

#include <string>

#include <nlohmann/json.hpp>

#include "report/sample_report.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using nlohmann::json;

namespace {

json sample() { return json::parse(report::to_json(test::sample_report(), test::sample_context())); }

}  // namespace

TEST_CASE("the report says who asked for what", "[report][json]") {
    const json report = sample();
    CHECK(report["schema"] == "slicepool-report");
    CHECK(report["schema_version"] == 1);
    CHECK(report["version"] == "1.2.3");
    CHECK(report["command"] == json({"slicepool", "run", "in.npy", "out.npy"}));
    CHECK(report["started_at"] == "1970-01-01T00:00:00Z");
    CHECK(report["input"] ==
          json({{"location", "in.npy"}, {"shape", {3, 16, 5}}, {"dtype", "uint16"}, {"bytes", 480}}));
    CHECK(
        report["output"] ==
        json({{"location", "out.npy"}, {"shape", {3, 4, 5}}, {"dtype", "float32"}, {"bytes", 240}, {"written", true}}));
    CHECK(report["filters"] == json::array({"gaussian sigma=3,5"}));
    CHECK(report["backend"] == "processes");
    CHECK(report["axis"] == 1);
    CHECK(report["item"] == "slice");
    CHECK(report["worker_count"] == 2);
    CHECK(report["ok"] == false);
    CHECK(report["interrupted"] == false);
    CHECK(report["gave_up"] == "workers keep dying");
}

TEST_CASE("the totals count every slice once", "[report][json]") {
    const json totals = sample()["totals"];
    CHECK(totals["slices"] == 4);
    CHECK(totals["done"] == 1);
    CHECK(totals["failed"] == 1);
    CHECK(totals["crashed"] == 1);
    CHECK(totals["timed_out"] == 0);
    CHECK(totals["forbidden"] == 0);
    CHECK(totals["not_run"] == 1);
    CHECK(totals["retries"] == 1);
    CHECK(totals["workers_died"] == 1);
    CHECK(totals["wall_seconds"] == 0.75);
    CHECK(totals["open_seconds"] == 0.5);
    CHECK(totals["write_seconds"] == 0.25);
    CHECK(totals["startup_seconds"] == 0.01);
    CHECK(totals["cpu_seconds"] == 0.6);
    CHECK(totals["wait_seconds"] == 0.75);
    CHECK(totals["peak_memory_bytes"] == 1000);
    CHECK(totals["copied_bytes"] == 20);
    CHECK(totals["scratch_bytes_per_worker"] == 300);
}

TEST_CASE("a slice tells of every attempt", "[report][json]") {
    const json slices = sample()["slices"];
    REQUIRE(slices.size() == 4);
    CHECK(slices[0] == json({{"index", 4},
                             {"status", "done"},
                             {"attempts", 2},
                             {"worker", 1},
                             {"start_seconds", 0.5},
                             {"seconds", 0.25},
                             {"causes", json::array({{{"kind", "crashed"},
                                                      {"signal", 9},
                                                      {"exit_code", nullptr},
                                                      {"text", ""},
                                                      {"type", nullptr},
                                                      {"trace", {"divide() in libbad.so+0x1a", "libbad.so+0x30"}},
                                                      {"stderr_tail", "last words"},
                                                      {"description", "crashed(SIGKILL)"}}})}}));
    CHECK(slices[1]["causes"][0] == json({{"kind", "failed"},
                                          {"signal", nullptr},
                                          {"exit_code", nullptr},
                                          {"text", "bad value in row 7"},
                                          {"type", "std::invalid_argument"},
                                          {"trace", json::array()},
                                          {"stderr_tail", ""},
                                          {"description", "failed(bad value in row 7)"}}));
    CHECK(slices[2]["causes"][0]["exit_code"] == 3);
    CHECK(slices[2]["causes"][0]["signal"] == nullptr);
    CHECK(slices[3] == json({{"index", 10},
                             {"status", "not_run"},
                             {"attempts", 0},
                             {"worker", nullptr},
                             {"start_seconds", nullptr},
                             {"seconds", nullptr},
                             {"causes", json::array()}}));
}

TEST_CASE("the slices that took longest are listed with their times", "[report][json]") {
    CHECK(sample()["slowest"] == json::array({{{"index", 4}, {"seconds", 0.25}}}));
}

TEST_CASE("slices that are not listed one by one are counted in the totals", "[report][json]") {
    Report report = test::sample_report();
    report.unlisted_done = 1000;
    const json totals = json::parse(report::to_json(report, test::sample_context()))["totals"];
    CHECK(totals["slices"] == 1004);
    CHECK(totals["done"] == 1001);
}

TEST_CASE("what does not apply to a worker is null", "[report][json]") {
    const json workers = sample()["workers"];
    REQUIRE(workers.size() == 2);
    CHECK(workers[0]["pid"] == 100);
    CHECK(workers[0]["birth_seconds"] == -0.5);
    CHECK(workers[0]["death_seconds"] == 0.25);
    CHECK(workers[0]["cause"]["description"] == "crashed(SIGKILL)");
    CHECK(workers[0]["slice"] == 4);
    for (const char* name : {"pid", "death_seconds", "cause", "slice"}) CHECK(workers[1][name] == nullptr);
    CHECK(workers[1]["slices_done"] == 1);
    CHECK(workers[1]["busy_seconds"] == 0.5);
}

TEST_CASE("memory that was not measured is null, not zero", "[report][json]") {
    Report report = test::sample_report();
    report.peak_memory_bytes = 0;
    CHECK(json::parse(report::to_json(report, test::sample_context()))["totals"]["peak_memory_bytes"] == nullptr);
}

TEST_CASE("names and texts that are no UTF-8 still give valid JSON", "[report][json]") {
    report::ReportContext context = test::sample_context();
    context.input.location = "scan\xff.npy";
    Report report = test::sample_report();
    report.slices[1].causes[0].text = "quote \" backslash \\ line\nfeed \x01 \xc3";
    const json parsed = json::parse(report::to_json(report, context));
    CHECK(parsed["input"]["location"] == "scan\xef\xbf\xbd.npy");
    CHECK(parsed["slices"][1]["causes"][0]["text"] == "quote \" backslash \\ line\nfeed \x01 \xef\xbf\xbd");
}

TEST_CASE("a report of a run without slices is complete", "[report][json]") {
    const json parsed = json::parse(report::to_json(Report{}, report::ReportContext{}));
    CHECK(parsed["ok"] == true);
    CHECK(parsed["gave_up"] == nullptr);
    CHECK(parsed["slices"] == json::array());
    CHECK(parsed["workers"] == json::array());
}
