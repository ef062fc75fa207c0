// bad_input_test.cpp: a request that cannot run ends with 2, one line that names the thing, and no file.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "io/test_files.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"

using namespace slicepool;

namespace {

/// A directory with a good input, in which requests are made that cannot run.
class Refusal {
public:
    Refusal() { test::write_rough_volume(file("in.npy"), {3, 4, 5}); }

    [[nodiscard]] std::string file(std::string_view name) const { return directory_.file(name); }

    /// Runs the tool and hands back what it says, having checked everything else.
    [[nodiscard]] std::string message(const std::vector<std::string>& arguments) const {
        const std::string before = directory_.listing();
        const os::ProgramResult result = test::slicepool(arguments);
        INFO("it said: " << result.error_output);
        CHECK(result.status.signal == 0);
        CHECK(result.status.code == 2);
        CHECK(result.output.empty());
        CHECK(result.error_output.rfind("slicepool: error: ", 0) == 0);
        CHECK(directory_.listing() == before);
        return result.error_output;
    }

    /// The same for `run in.npy out.npy --filter 'gaussian sigma=1'` with more options.
    [[nodiscard]] std::string run_message(const std::vector<std::string>& options,
                                          const std::string& filter = "gaussian sigma=1") const {
        std::vector<std::string> arguments{"run", file("in.npy"), file("out.npy"), "--filter", filter};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return message(arguments);
    }

    [[nodiscard]] std::string input_message(const std::string& input, const std::string& bytes) const {
        test::write_bytes(file(input), bytes);
        return message({"run", file(input), file("out.npy"), "--filter", "gaussian sigma=1"});
    }

private:
    test::TemporaryDirectory directory_;
};

bool says(const std::string& message, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words)
        if (message.find(word) == std::string::npos) {
            UNSCOPED_INFO("'" << word << "' is not in: " << message);
            return false;
        }
    return true;
}

}  // namespace

TEST_CASE("an environment variable that makes no sense is named", "[cli][badinput]") {
    const Refusal refusal;
    const auto [name, value] = GENERATE(table<std::string, std::string>({{"SLICEPOOL_N_JOBS", "two"},
                                                                         {"SLICEPOOL_N_JOBS", "0"},
                                                                         {"SLICEPOOL_BACKEND", "loky"},
                                                                         {"SLICEPOOL_MEMORY_PER_WORKER", "much"}}));
    const test::EnvironmentVariable variable(name, value);
    CHECK(says(refusal.run_message({}), {name, value}));
}

TEST_CASE("a missing input file is named", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.message({"run", in.file("none.npy"), in.file("out.npy"), "-f", "gaussian sigma=1"}),
               {"none.npy", "No such file"}));
    CHECK(says(in.message({"info", in.file("none.npy")}), {"none.npy", "No such file"}));
}

TEST_CASE("an input that is no volume is named", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.input_message("text.npy", "not a volume at all, only some words"), {"text.npy"}));
    CHECK(says(in.input_message("empty.npy", ""), {"empty.npy"}));
    CHECK(says(in.message({"run", std::filesystem::temp_directory_path().native(), in.file("out.npy"), "-f",
                           "gaussian sigma=1"}),
               {"directory"}));
}

TEST_CASE("an array of the wrong rank or type is refused with what it is", "[cli][bad-input]") {
    const Refusal in;
    CHECK(
        says(in.input_message("flat.npy", test::npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                                                         std::string(24, '\0'))),
             {"flat.npy", "(2, 3)"}));
    CHECK(says(
        in.input_message("complex.npy", test::npy_file("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 2, 3), }",
                                                       std::string(48, '\0'))),
        {"complex.npy", "c8"}));
    CHECK(says(
        in.input_message("u64.npy", test::npy_file("{'descr': '<u8', 'fortran_order': False, 'shape': (1, 2, 3), }",
                                                   std::string(48, '\0'))),
        {"u64.npy", "uint64"}));
}

TEST_CASE("a header that lies about the size allocates nothing", "[cli][bad-input]") {
    const Refusal in;
    const auto lying = [](const std::string& shape) {
        return test::npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }",
                              std::string(16, '\0'));
    };
    CHECK(says(in.input_message("cut.npy", lying("2, 3, 4")), {"cut.npy"}));
    CHECK(says(in.input_message("huge.npy", lying("1000000, 1000000, 1000000")), {"huge.npy"}));
    CHECK(says(in.input_message("wraps.npy", lying("4294967296, 4294967296, 4")), {"wraps.npy"}));
    CHECK(says(in.input_message("negative.npy", lying("2, -3, 4")), {"negative.npy"}));
    CHECK(says(in.input_message("short.npy", std::string("\x93NUMPY\x01", 7)), {"short.npy"}));
}

TEST_CASE("an input that must be read and is larger than memory is refused before the run", "[cli][bad-input]") {
    const Refusal in;
    const std::string file = in.file("vast.npy");
    // Big-endian pixels cannot be mapped. The file is a hole.
    test::write_bytes(file,
                      test::npy_file("{'descr': '>f4', 'fortran_order': False, 'shape': (1000, 1000, 1000000), }", ""));
    std::error_code error;
    std::filesystem::resize_file(file, std::filesystem::file_size(file) + 4'000'000'000'000, error);
    if (error) {
        WARN("skipped: the file system takes no file of 4 TB: " << error.message());
        return;
    }
    CHECK(says(in.message({"run", file, in.file("out.npy"), "-f", "gaussian sigma=1"}),
               {"vast.npy' is big-endian and has to be read into memory", "4000.00 GB"}));
}

TEST_CASE("an axis that does not exist is refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({"--axis", "3"}), {"axis 3"}));
    CHECK(says(in.run_message({"--axis", "-4"}), {"axis -4"}));
}

TEST_CASE("0 jobs are refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({"--jobs", "0"}), {"--jobs 0", "-1"}));
}

TEST_CASE("an unknown filter or parameter is answered with the nearest name", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({}, "gausian sigma=1"), {"gausian", "gaussian"}));
    CHECK(says(in.run_message({}, "gaussian sigme=1"), {"sigme", "sigma"}));
    CHECK(says(in.run_message({}, "gaussian sigma=wide"), {"sigma", "wide"}));
    CHECK(says(in.run_message({"--filter", "medain size=3"}), {"medain", "median", "2 of 2"}));
    CHECK(says(in.message({"filters", "freznel"}), {"freznel", "fresnel"}));
}

TEST_CASE("a filter whose quotes are missing is answered with them", "[cli][bad-input]") {
    const Refusal in;
    const std::string input = in.file("in.npy");
    const std::string output = in.file("out.npy");
    CHECK(says(in.message({"run", input, output, "--filter", "gaussian", "sigma=3,5", "mode=wrap"}),
               {"in quotes: --filter 'gaussian sigma=3,5 mode=wrap'\n", "'slicepool run --help'"}));
    CHECK(says(in.message({"run", "-f", "gaussian", "sigma=3", input, output}), {"in quotes: -f 'gaussian sigma=3'"}));
    CHECK(in.message({"run", input, output, "-f", "gaussian sigma=3", "more"}).find("quotes") == std::string::npos);
}

TEST_CASE("a negative sigma is refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({}, "gaussian sigma=3,-5"), {"sigma", "-5"}));
}

TEST_CASE("an output that cannot be made is refused before the run", "[cli][bad-input]") {
    const Refusal in;
    const auto output_message = [&](const std::string& output) {
        return in.message({"run", in.file("in.npy"), output, "-f", "gaussian sigma=1"});
    };
    CHECK(says(output_message(in.file("nowhere/out.npy")), {"nowhere/out.npy", "No such file"}));
    CHECK(says(output_message(in.file("in.npy") + "/out.npy"), {"out.npy", "Not a directory"}));
    CHECK(says(output_message(in.file("out.tif")), {"out.tif", ".npy"}));
    CHECK(says(output_message("/proc/out.npy"), {"/proc/out.npy"}));
}

TEST_CASE("input and output may not be one file", "[cli][bad-input]") {
    const Refusal in;
    std::filesystem::create_symlink("in.npy", in.file("link.npy"));
    CHECK(says(in.message({"run", in.file("in.npy"), in.file("in.npy"), "-f", "gaussian sigma=1"}), {"same file"}));
    CHECK(says(in.message({"run", in.file("in.npy"), in.file("link.npy"), "-f", "gaussian sigma=1"}), {"same file"}));
}

TEST_CASE("a report that cannot be written is refused before the run", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({"--report", in.file("nowhere/r.json")}), {"nowhere/r.json"}));
    CHECK(says(in.run_message({"--report", "/dev/null"}), {"/dev/null"}));
    CHECK(says(in.run_message({"--report", in.file("in.npy")}), {"in.npy", "another name"}));
    CHECK(says(in.run_message({"--report", in.file("out.npy")}), {"out.npy", "another name"}));
}

TEST_CASE("slices that cannot be chosen are refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({"--slices", "2:2"}), {"2:2", "none of the 3 slices"}));
    CHECK(says(in.run_message({"--slices", "7:"}), {"7:", "none of the 3 slices"}));
    CHECK(says(in.run_message({"--slices", "::-1"}), {"::-1", "step"}));
    CHECK(says(in.run_message({"--slices", "::0"}), {"::0", "step"}));
    CHECK(says(in.run_message({"--slices", "2"}), {"--slices 2", "start:stop:step", "slice 2 alone is 2:3"}));
    CHECK(says(in.run_message({"--slices=-1"}), {"slice -1 alone is -1:\n"}));
    CHECK(says(in.run_message({"--slices", "a:b"}), {"'a'"}));
    CHECK(says(in.run_message({"--slices", "0:1:1:1"}), {"0:1:1:1"}));
    CHECK(says(in.run_message({"--slices", "0:99999999999999999999"}), {"99999999999999999999"}));
}

TEST_CASE("options with a value that is none are refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({"--backend", "proceses"}), {"proceses", "processes"}));
    CHECK(says(in.run_message({"--dtype", "int8"}), {"int8", "float64"}));
    CHECK(says(in.run_message({"--max-attempts", "0"}), {"max-attempts 0"}));
    CHECK(says(in.run_message({"--timeout", "0"}), {"timeout 0"}));
    CHECK(says(in.run_message({"--timeout", "-1"}), {"timeout -1"}));
    CHECK(says(in.run_message({"--timeout", "nan"}), {"timeout nan"}));
    CHECK(says(in.run_message({"--timeout", "1", "--backend", "threads"}), {"processes"}));
    CHECK(says(in.run_message({"--on-failure", "stop"}), {"stop", "abort"}));
    CHECK(says(in.run_message({"--fill", "empty"}), {"empty", "copy_input"}));
    CHECK(says(in.run_message({"--progress", "loud"}), {"loud", "plain"}));
    CHECK(says(in.run_message({"--jobs", "many"}), {"--jobs", "many"}));
    CHECK(says(in.run_message({"--frobnicate"}), {"--frobnicate", "--help"}));
}

TEST_CASE("a request that is not complete is refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.message({}), {"subcommand", "--help"}));
    CHECK(says(in.message({"walk"}), {"there is no command 'walk': there are: run, info", "--help"}));
    CHECK(says(in.message({"run", in.file("in.npy"), in.file("out.npy")}), {"--filter"}));
    CHECK(says(in.message({"run", in.file("in.npy")}), {"'slicepool run --help'"}));
    CHECK(says(in.message({"runn", in.file("in.npy")}), {"'runn'", "did you mean 'run'?"}));
    CHECK(says(in.message({"run", "", in.file("out.npy"), "-f", "gaussian sigma=1"}), {"empty"}));
}

TEST_CASE("limits on workers that make no sense are refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({"--max-slices-per-worker", "0"}), {"--max-slices-per-worker 0", "at least 1"}));
    CHECK(says(in.run_message({"--max-worker-memory", "0"}), {"--max-worker-memory 0", "500M"}));
    CHECK(says(in.run_message({"--max-worker-memory", "much"}), {"--max-worker-memory", "much"}));
    CHECK(says(in.run_message({"--max-deaths", "-1"}), {"--max-deaths -1"}));
    CHECK(says(in.run_message({"--guard", "maybe"}), {"--guard maybe", "auto, on, off"}));
    CHECK(says(in.run_message({"--pin", "sockets"}), {"--pin sockets", "none, cores, nodes"}));
    CHECK(says(in.run_message({"--pin", "cores", "--backend", "serial"}), {"--pin cores", "serial", "processes"}));
    CHECK(says(in.run_message({"--grace", "-1"}), {"--grace -1", "0 or more", "inf"}));
    CHECK(says(in.run_message({"--grace", "nan"}), {"--grace"}));
    CHECK(says(in.run_message({"--grace", "3", "--backend", "threads"}), {"--grace 3", "--backend processes"}));
    CHECK(says(in.run_message({"--non-finite", "maybe"}), {"--non-finite maybe", "accept", "fail"}));
}

TEST_CASE("a rehearsal that cannot be held is refused", "[cli][bad-input]") {
    const Refusal in;
    CHECK(says(in.run_message({"--rehearse", "melt slices=1"}), {"--rehearse", "'melt'", "crash, abort, exit, hang"}));
    CHECK(says(in.run_message({"--rehearse", "crash"}), {"--rehearse", "needs slices="}));
    CHECK(says(in.run_message({"--rehearse", "crash slices=1,x"}), {"slices=1,x", "separated by commas"}));
    CHECK(says(in.run_message({"--rehearse", "crash slices=-1"}), {"slices=-1"}));
    CHECK(says(in.run_message({"--rehearse", "crash slices=1 times=0"}), {"times=0", "at least 1"}));
    CHECK(says(in.run_message({"--rehearse", "crash slices=1 colour=red"}), {"colour", "slices", "times"}));
    CHECK(says(in.run_message({"--rehearse", "crash slices=1", "--backend", "threads"}), {"--backend processes"}));
    CHECK(says(in.run_message({"--rehearse", "hang slices=1"}), {"--timeout"}));
    CHECK(says(in.run_message({"--rehearse", "throw slices=1,3"}), {"--rehearse", "slice 3", "0 to 2"}));
    CHECK(says(in.run_message({"--rehearse", "throw slices=1", "--slices", "::2"}),
               {"--rehearse", "slice 1", "--slices"}));
}
