// rehearsal_test.cpp: faults rehearsed from the command line, and the options that say what becomes of a run with them.
// The faults themselves, with functions that really have them, are in tests/crash.
#include <cmath>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <slicepool/io/input.hpp>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "report/schema_check.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using nlohmann::json;

namespace {

/// `run` over 12 slices of 6 x 7 with a rehearsal.
struct Rehearsed {
    explicit Rehearsed(const std::string& fault, const std::vector<std::string>& options = {}) {
        test::write_rough_volume(directory.file("in.npy"), {12, 6, 7});
        std::vector<std::string> arguments{"run",
                                           directory.file("in.npy"),
                                           directory.file("out.npy"),
                                           "--filter",
                                           "uniform size=3",
                                           "--jobs",
                                           "2",
                                           "--progress",
                                           "none",
                                           "--report",
                                           directory.file("r.json")};
        if (!fault.empty()) arguments.insert(arguments.end(), {"--rehearse", fault});
        arguments.insert(arguments.end(), options.begin(), options.end());
        const os::ProgramResult result = test::slicepool(arguments);
        said = result.error_output;
        code = result.status.code;
        report = test::load_json(directory.file("r.json"));
        for (const std::string& breach : test::schema_breaches(report, test::load_json(SLICEPOOL_REPORT_SCHEMA)))
            FAIL_CHECK(breach);
    }

    /// The pixels are those of a calm run; slices `lost` are NaN.
    void check_pixels(const std::vector<std::int64_t>& lost = {}) const {
        const os::ProgramResult calm = test::slicepool({"run", directory.file("in.npy"), directory.file("calm.npy"),
                                                        "--filter", "uniform size=3", "--backend", "serial"});
        REQUIRE(calm.status.code == 0);
        const Volume<float> expected(io::open_volume(directory.file("calm.npy")));
        const Volume<float> output(io::open_volume(directory.file("out.npy")));
        for (std::int64_t z = 0; z < 12; ++z) {
            CAPTURE(z);
            if (std::find(lost.begin(), lost.end(), z) != lost.end())
                CHECK(output.slice(0, z).isNaN().all());
            else
                CHECK((output.slice(0, z) == expected.slice(0, z)).all());
        }
    }

    test::TemporaryDirectory directory;
    std::string said;
    int code = -1;
    json report;
};

}  // namespace

TEST_CASE("a rehearsed fault that retries cure leaves exit code 0 and the output of a calm run", "[cli][crash]") {
    struct Fault {
        std::string text;
        std::string description;
        std::vector<std::string> options;
    };
    const Fault fault = GENERATE(
        Fault{"crash slices=3,7", "crashed(SIGSEGV)", {}}, Fault{"abort slices=3,7 times=2", "crashed(SIGABRT)", {}},
        Fault{"exit slices=3,7", "crashed(exit 3)", {}},
        Fault{"hang slices=3,7", "timed_out after 0.5 s, 0.0 s of them on a processor", {"--timeout", "0.5"}});
    CAPTURE(fault.text);
    const Rehearsed run(fault.text, fault.options);
    CAPTURE(run.said);
    CHECK(run.code == 0);
    for (const std::size_t slice : {3U, 7U}) {
        REQUIRE_FALSE(run.report["slices"][slice]["causes"].empty());
        CHECK(run.report["slices"][slice]["status"] == "done");
        CHECK(run.report["slices"][slice]["causes"][0]["description"] == fault.description);
    }
    CHECK(run.report["totals"]["workers_died"] == run.report["totals"]["retries"]);
    run.check_pixels();
}

TEST_CASE("slices lost in a rehearsal are named with their cause and the place of the crash, and nothing else is lost",
          "[cli][crash]") {
    const Rehearsed run("crash slices=3,7 times=9", {"--max-attempts", "2"});
    CAPTURE(run.said);
    CHECK(run.code == 1);
    for (const std::size_t slice : {3U, 7U}) {
        CHECK(run.said.find("slice " + std::to_string(slice) +
                            ": crashed(SIGSEGV), after 2 attempts\n    in slicepool::cli::write_to_a_closed_page()") !=
              std::string::npos);
        REQUIRE(run.report["slices"][slice]["causes"].size() == 2);
        REQUIRE_FALSE(run.report["slices"][slice]["causes"][0]["trace"].empty());
        CHECK(run.report["slices"][slice]["causes"][0]["trace"][0].get<std::string>().starts_with(
            "slicepool::cli::write_to_a_closed_page() in slicepool+0x"));
    }
    CHECK(run.report["totals"]["done"] == 10);
    run.check_pixels({3, 7});
}

TEST_CASE("a rehearsed exception is survived on every backend", "[cli]") {
    const std::string backend = GENERATE("serial", "threads", "processes");
    const Rehearsed run("throw slices=5 times=9", {"--backend", backend});
    CHECK(run.code == 1);
    CHECK(run.said.find("slice 5: failed(a rehearsed exception in slice 5), after 1 attempt\n"
                        "    it threw std::runtime_error\n") != std::string::npos);
    CHECK(run.report["slices"][5]["causes"][0]["type"] == "std::runtime_error");
    run.check_pixels({5});
}

TEST_CASE("a rehearsal counts slices as the input does", "[cli]") {
    const Rehearsed run("throw slices=5 times=9", {"--slices", "1::4"});
    CHECK(run.code == 1);
    CHECK(run.report["slices"][1]["index"] == 5);
    CHECK(run.report["slices"][1]["status"] == "failed");
    CHECK(run.report["totals"]["done"] == 2);
}

TEST_CASE("the slowest slices are in the report, the slowest first, counted as the input does", "[cli][report]") {
    const Rehearsed run("throw slices=5", {"--slices", "1::4"});
    const json& slowest = run.report["slowest"];
    REQUIRE(slowest.size() == 2);  // slices 1 and 9; 5 is not done
    CHECK(slowest[0]["index"].get<int>() + slowest[1]["index"].get<int>() == 10);
    CHECK(slowest[0]["seconds"] >= slowest[1]["seconds"]);
    const json all = Rehearsed("").report["slowest"];
    REQUIRE(all.size() == 10);
    for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1]["seconds"] >= all[i]["seconds"]);
}

TEST_CASE("a run whose workers die more often than allowed is given up with a reason", "[cli][crash]") {
    const Rehearsed run("abort slices=0,1,2,3,4,5,6,7,8,9,10,11 times=9", {"--max-deaths", "2"});
    CAPTURE(run.said);
    CHECK(run.code != 0);
    CHECK(run.report["gave_up"].is_string());
    CHECK(run.report["totals"]["workers_died"] <= 4);
}

TEST_CASE("workers are replaced after their number of slices, which the report tells and the output does not",
          "[cli]") {
    const Rehearsed run("", {"--max-slices-per-worker", "3"});
    CHECK(run.code == 0);
    CHECK(run.report["totals"]["workers_retired"] >= 3);
    CHECK(run.report["totals"]["workers_died"] == 0);
    CHECK(run.said.find("died") == std::string::npos);
    for (const json& worker : run.report["workers"]) CHECK(worker["slices_done"] <= 3);
    run.check_pixels();
}

TEST_CASE("a worker that keeps more memory than it may is replaced after its slice", "[cli]") {
    const Rehearsed run("", {"--max-worker-memory", "1K"});  // less than any process has
    CHECK(run.code == 0);
    CHECK(run.report["totals"]["workers_retired"] >= 8);
    run.check_pixels();
}

TEST_CASE("a slice with NaN in its output fails where that is asked for", "[cli]") {
    const test::TemporaryDirectory directory;
    test::write_volume(directory.file("in.npy"), {3, 9, 9}, [](std::int64_t z, std::int64_t y, std::int64_t x) {
        return z == 1 && y == 4 && x == 4 ? std::nanf("") : static_cast<float>(x);
    });
    const auto run = [&](const std::string& choice) {
        return test::slicepool({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter",
                                "gaussian sigma=0.5", "--progress", "none", "--fill", "zero", "--non-finite", choice});
    };
    CHECK(run("accept").status.code == 0);
    const os::ProgramResult result = run("fail");
    CHECK(result.status.code == 1);
    CHECK(result.error_output.find("slice 1: failed(output pixel (2, 2) is nan), after 1 attempt\n") !=
          std::string::npos);
    CHECK(result.error_output.find("it threw") == std::string::npos);  // the filter did not
    const Volume<float> output(io::open_volume(directory.file("out.npy")));
    CHECK((output.slice(0, 1) == 0.0F).all());
    CHECK(output(0, 4, 4) == 4.0F);
}

TEST_CASE("a run whose output cannot be guarded says so when the guard is asked for, and only then", "[cli]") {
    struct Asked {
        std::string guard;
        std::vector<std::string> options;
        std::string said;
    };
    const Asked asked =
        GENERATE(Asked{"on", {}, "guards the run's records only: the output's slices along axis 0 are not whole pages"},
                 Asked{"on", {"--axis", "1"}, "guards the run's records only: the output's slices along axis 1"},
                 Asked{"on", {"--axis", "2"}, "guards the run's records only: the output's slices along axis 2"},
                 Asked{"on", {"--backend", "threads"}, "guards nothing on threads"}, Asked{"auto", {}, ""},
                 Asked{"off", {}, ""});
    std::vector<std::string> options{"--guard", asked.guard};
    options.insert(options.end(), asked.options.begin(), asked.options.end());
    const Rehearsed run("", options);
    CAPTURE(run.said);
    CHECK(run.code == 0);
    CHECK((run.said.find("--guard") != std::string::npos) == !asked.said.empty());
    CHECK(run.said.find(asked.said) != std::string::npos);
}

TEST_CASE("a run whose output can be guarded has nothing to say about it", "[cli]") {
    const test::TemporaryDirectory directory;
    test::write_rough_volume(directory.file("in.npy"), {3, 32, 32});  // slices of a page
    const os::ProgramResult result =
        test::slicepool({"run", directory.file("in.npy"), directory.file("out.npy"), "--filter", "uniform size=3",
                         "--progress", "none", "--guard", "on"});
    CHECK(result.status.code == 0);
    CHECK(result.error_output.find("--guard") == std::string::npos);
}

TEST_CASE("guarded or not, a run without faults has the same output", "[cli]") {
    const std::string guard = GENERATE("on", "off", "auto");
    const Rehearsed run("", {"--guard", guard});
    CHECK(run.code == 0);
    run.check_pixels();
}
