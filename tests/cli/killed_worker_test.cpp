// killed_worker_test.cpp: kill -9 of a worker in a long run leaves the output right, and the report tells of it.
#include <signal.h>

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "report/schema_check.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using nlohmann::json;

TEST_CASE("killing a worker in the middle of a run changes nothing but the report", "[cli][crash]") {
    const test::TemporaryDirectory directory;
    const std::string input = directory.file("in.npy");
    const std::string filter = "median size=31";
    test::write_rough_volume(input, {test::kSecondsOfSlices, 160, 160});
    os::RunningProgram program(
        test::command_line({"run", input, directory.file("out.npy"), "--filter", filter, "--jobs", "2", "--progress",
                            "json", "--report", directory.file("r.json")}));
    REQUIRE(test::wait_for_first_slice(program));
    // The template process was born first and works at nothing; the workers come after it.
    const std::vector<std::int64_t> children = test::children_of(program.pid());
    REQUIRE(children.size() >= 3);
    const std::int64_t victim = children.back();
    REQUIRE(::kill(static_cast<pid_t>(victim), SIGKILL) == 0);
    const auto result = program.wait(std::chrono::minutes(4));
    REQUIRE(result.has_value());
    CAPTURE(victim, result->error_output);
    CHECK(result->status.signal == 0);
    CHECK(result->status.code == 0);
    CHECK(result->error_output.find("1 worker died and was replaced") != std::string::npos);

    const json report = test::load_json(directory.file("r.json"));
    for (const std::string& breach : test::schema_breaches(report, test::load_json(SLICEPOOL_REPORT_SCHEMA)))
        FAIL_CHECK(breach);
    CHECK(report["ok"] == true);
    CHECK(report["totals"]["workers_died"] == 1);
    bool told = false;
    for (const json& worker : report["workers"]) {
        if (worker["pid"] != victim) continue;
        told = true;
        CHECK(worker["death_seconds"].is_number());
        CHECK(worker["cause"]["signal"] == SIGKILL);
        if (worker["slice"].is_null()) continue;  // it had just finished one
        const json& slice = report["slices"][worker["slice"].get<std::size_t>()];
        CHECK(slice["status"] == "done");
        CHECK(slice["attempts"] == 2);
        CHECK(slice["causes"][0]["description"] == "crashed(SIGKILL): killed from outside");
    }
    CHECK(told);

    const os::ProgramResult calm = test::slicepool(
        {"run", input, directory.file("calm.npy"), "--filter", filter, "--backend", "threads", "--jobs", "2"});
    REQUIRE(calm.status.code == 0);
    CHECK(test::read_bytes(directory.file("out.npy")) == test::read_bytes(directory.file("calm.npy")));
}
