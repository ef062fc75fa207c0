// npy_bad_files_test.cpp: files that are damaged, lie, or hold no volume are refused, with the reason in words.
// Random damage is in npy_fuzz_test.cpp.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "io/test_files.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using test::npy_file;
using test::npy_start;

namespace {

struct BadFile {
    std::string bytes;
    std::string expected;  // in the message, which also names the file
};

std::string with(const std::string& descr, const std::string& fortran, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

std::string shaped(const std::string& shape) { return npy_file(with("'<f4'", "False", shape), "1234"); }
std::string typed(const std::string& descr) {
    return npy_file(with(descr, "False", "(1, 1, 1)"), std::string(64, '\0'));
}

const std::string kGood = with("'<f4'", "False", "(1, 1, 1)");

std::vector<BadFile> bad_files() {
    std::string version = npy_file(kGood, "1234");
    version[7] = '\1';
    std::string ones;
    for (int i = 0; i < 65; ++i) ones += "1,";
    return {
        // another kind, or cut off
        {"", "is empty"},
        {"just text\n", "neither a NumPy .npy file nor HDF5"},
        {"\x93NUMP", "neither a NumPy .npy file nor HDF5"},
        {"\x93NUMPY", "cut off within the first 10 bytes"},
        {npy_start(kGood, 2).substr(0, 11), "cut off within the first 12 bytes"},
        {npy_start(kGood, 4), "version 4.0"},
        {npy_start(kGood, 0), "version 0.0"},
        {version, "version 1.1"},
        {npy_start(kGood).substr(0, 30),
         "cut off within its .npy header: " + std::to_string(kGood.size() - 20) + " bytes"},
        {std::string("\x93NUMPY\x02\0\xff\xff\xff\xff{}", 14), "claims to be 4294967295 bytes long"},
        {npy_file(with("'<f4'", "False", "(2, 3, 5)"), std::string(100, 'x')),
         "(2, 3, 5) float32 pixels need 120 bytes after the header, 20 of them are missing"},
        {npy_file(with("'>f4'", "False", "(2, 3, 5)"), std::string(100, 'x')), "20 of them are missing"},
        // lying about the size
        {shaped("(4000000000, 4000000000, 4000000000)"), "larger than any address space"},
        {shaped("(0, 4000000000, 4000000000)"), "larger than any address space"},
        {shaped("(4611686018427387904, 1, 1)"), "larger than any address space"},
        {shaped("(1000000, 1000000, 1000)"), "are missing"},
        {shaped("(99999999999999999999999999, 1, 1)"), "beyond all memory"},
        {shaped("(-1, 2, 3)"), "negative"},
        // no volume
        {npy_file(with("'<f4'", "False", "(100, 200)"), std::string(80000, 'x')),
         "holds a 2-D array (100, 200); a volume has 3 dimensions"},
        {shaped("(1, 1, 1, 1)"), "holds a 4-D array (1, 1, 1, 1)"},
        {shaped("(1,)"), "holds a 1-D array (1,)"},
        {shaped("()"), "holds a scalar ()"},
        {typed("'<i8'"), "int64 ('<i8')"},
        {typed("'<u4'"), "uint32 ('<u4')"},
        {typed("'|i1'"), "int8 ('|i1')"},
        {typed("'<f2'"), "float16 ('<f2')"},
        {typed("'<f16'"), "float128 ('<f16')"},
        {typed("'<c8'"), "complex64 ('<c8')"},
        {typed("'|b1'"), "bool ('|b1')"},
        {typed("'|O'"), "object ('|O')"},
        {typed("'<U5'"), "string ('<U5')"},
        {typed("'<M8[ns]'"), "datetime"},
        {typed("[('a]', '<f4'), ('b', [('c', '|u1')])]"), "structured"},
        {typed("'f4'"), "values of type 'f4'"},
        {typed("'=f4'"), "uint8, uint16, int16, int32, float32 or float64"},
        {typed("''"), "values of type ''"},
        // no dictionary
        {npy_file("", ""), "expected a dictionary at byte"},
        {npy_file("[1, 2]", ""), "expected a dictionary"},
        {npy_file("{}", ""), "the key 'descr' is missing"},
        {npy_file("{'descr': '<f4', 'shape': (1, 1, 1)}", ""), "the key 'fortran_order' is missing"},
        {npy_file("{'descr': '<f4', 'fortran_order': False}", ""), "the key 'shape' is missing"},
        {npy_file("{'descr': '<f4', 'descr': '<f4'}", ""), "the key 'descr' stands there twice"},
        {npy_file("{'descr': '<f4', 'colour': 'red'}", ""), "the key 'colour' is none of"},
        {npy_file("{'descr'; '<f4'}", ""), "expected ':'"},
        {npy_file("{'descr': '<f4' 'shape': (1, 1, 1)}", ""), "expected ',' or '}'"},
        {npy_file("{'descr': '<f4", ""), "expected a string that ends"},
        {npy_file("{'descr\\x00': '<f4'}", ""), "without '\\'"},
        {npy_file("{'descr': 4}", ""), "expected a type in quotes"},
        {npy_file("{'descr': [[[['a'", ""), "expected ']'"},
        {npy_file("{descr: '<f4'}", ""), "expected a key in quotes"},
        {npy_file("{'fortran_order': 0}", ""), "expected True or False"},
        {npy_file("{'shape': [1, 2, 3]}", ""), "expected a shape such as (1, 2, 3)"},
        {npy_file("{'shape': (1 2, 3)}", ""), "expected ',' or ')'"},
        {npy_file("{'shape': (1,, 3)}", ""), "expected an extent"},
        {npy_file("{'shape': (1, 2.0, 3)}", ""), "expected ',' or ')'"},
        {npy_file("{'shape': (007, 2, 3)}", ""), "starts with 0"},
        {npy_file("{'shape': (1, 2, 3L)}", ""), "expected ',' or ')'"},
        {npy_file("{'shape': (5)}", ""), "is a number, not a tuple"},
        {npy_file("{'shape': (" + ones + ")}", ""), "more than 64 extents"},
        {npy_file(kGood + " + 1", "1234"), "there is text after the dictionary: \"+ 1"},
        {npy_file("{'descr': '<f4'\x1b[31m}", ""), "found \"?[31m}"},
    };
}

}  // namespace

TEST_CASE("a bad .npy file is refused with the reason", "[io][npy][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("bad.npy");
    for (const BadFile& bad : bad_files()) {
        CAPTURE(bad.expected);
        test::write_bytes(file, bad.bytes);
        CHECK_THROWS_AS(io::open_volume(file), FormatError);
        const std::string message = test::message_of([&] { return io::open_volume(file); });
        CAPTURE(message);
        CHECK(message.find(bad.expected) != std::string::npos);
        CHECK(message.find(file) != std::string::npos);
    }
}

TEST_CASE("a type written to upset a terminal comes out harmless and short", "[io][npy][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("bad.npy");
    const std::string escape = "\x1b[31m";
    for (const std::string& descr : {"<f4" + escape, "<x4" + escape, "<" + escape, "|O\n\x7f\x9b" + escape,
                                     "<U" + std::string(60000, '7'), "?" + std::string(60000, '?')}) {
        test::write_bytes(file, typed("'" + descr + "'"));
        const std::string message = test::message_of([&] { return io::open_volume(file); });
        CAPTURE(message);
        CHECK(message.find("values of type ") != std::string::npos);
        CHECK(std::ranges::all_of(message, [](char c) { return c >= ' ' && c <= '~'; }));
        CHECK(message.size() < 300);
        CHECK(io::inspect(file).at(0).dtype.size() < 100);
    }
}

TEST_CASE("every header cut short at any byte is refused", "[io][npy][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("bad.npy");
    const std::string whole = npy_file(kGood, "1234");
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        CAPTURE(bytes);
        test::write_bytes(file, whole.substr(0, bytes));
        CHECK_THROWS_AS(io::open_volume(file), FormatError);
    }
}

TEST_CASE("looking at an array that is no volume is no error", "[io][npy]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    test::write_bytes(file, npy_file(with("'<i8'", "True", "(2, 3)"), std::string(48, 'x')));
    const std::vector<io::DatasetInfo> infos = io::inspect(file);
    REQUIRE(infos.size() == 1);
    CHECK(infos[0].shape == std::vector<std::int64_t>{2, 3});
    CHECK(infos[0].dtype == "int64 ('<i8')");
    CHECK(infos[0].storage == "Fortran order");
    CHECK_FALSE(infos[0].volume);
    CHECK(infos[0].why_not == "holds a 2-D array (2, 3); a volume has 3 dimensions");
}

TEST_CASE("what is missing or no regular file is refused, without waiting", "[io][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string missing = directory.file("missing.npy");
    CHECK_THROWS_AS(io::open_volume(missing), SystemError);
    CHECK(test::message_of([&] { return io::open_volume(missing); }).find(missing) != std::string::npos);
    CHECK_THROWS_AS(io::open_volume(directory.file("missing.h5:/data")), SystemError);
    CHECK_THROWS_AS(io::inspect(missing), SystemError);

    const std::string pipe = directory.file("pipe.npy");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    for (const std::string& name : {pipe, std::string("/dev/zero"), directory.path().native()}) {
        CAPTURE(name);
        CHECK_THROWS_AS(io::open_volume(name), FormatError);
        CHECK(test::message_of([&] { return io::open_volume(name); }).find("not a regular file") != std::string::npos);
    }
}

TEST_CASE("a .npy file has no datasets to choose from", "[io][badinput]") {
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("a.npy");
    test::write_bytes(file, npy_file(kGood, "1234"));
    CHECK_THROWS_AS(io::open_volume(file + ":/data"), InvalidArgument);
    CHECK_THROWS_AS(io::inspect(file + ":/data"), InvalidArgument);
}
