// apply_filter_main.cpp: runs filters on .npy files for tests/reference/compare_live.py.
// Each line of the file named on the command line: input=IN.npy output=OUT.npy wish=DTYPE FILTER name=value ...
// with column_step=2 the input's and output's columns are taken from, and put into, every second place in memory;
// repeat=N prints the least processor time of N calls in milliseconds. Not an interface for users: that is the
// slicepool command.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>

#include "support/ndimage_case.hpp"

namespace {

using namespace slicepool;

/// Copies pixel by pixel between two slices of one shape and type.
void copy_pixels(const ConstSlice& from, const Slice& to) {
    for (std::int64_t row = 0; row < from.shape.rows; ++row)
        for (std::int64_t column = 0; column < from.shape.columns; ++column)
            std::memcpy(to.data + row * to.row_stride + column * to.column_stride,
                        from.data + row * from.row_stride + column * from.column_stride, size_of(from.dtype));
}

Slice spread(std::vector<std::byte>& memory, DType dtype, SliceShape shape, std::int64_t row_step,
             std::int64_t column_step) {
    const auto size = static_cast<std::int64_t>(size_of(dtype));
    memory.resize(static_cast<std::size_t>(shape.rows * row_step * shape.columns * column_step * size));
    return {memory.data(), dtype, shape, shape.columns * column_step * row_step * size, column_step * size};
}

void run(reference::Words words) {
    const auto number = [&words](const char* name, const char* otherwise) {
        return std::stoll(words.count(name) != 0 ? words[name] : otherwise);
    };
    reference::Array input = reference::load_npy(words.at("input"));
    const AnyFilter filter = reference::make_filter(words);
    const DType wish = parse_dtype(words.at("wish"));
    const SliceSpec spec{{input.shape.at(0), input.shape.at(1)}, input.dtype};
    const FilterPlan plan = filter.plan(spec, wish);
    std::vector<std::byte> input_memory;
    std::vector<std::byte> output_memory;
    const Slice in = spread(input_memory, spec.dtype, spec.shape, number("row_step", "1"), number("column_step", "1"));
    const Slice out =
        spread(output_memory, wish, plan.output.shape, number("row_step", "1"), number("column_step", "1"));
    copy_pixels(contiguous_slice(input.bytes.data(), spec.dtype, spec.shape), in);
    const auto kernel = filter.prepare(spec, wish);
    double best = std::numeric_limits<double>::infinity();
    for (std::int64_t i = 0; i < number("repeat", "1"); ++i) {
        const std::clock_t start = std::clock();
        kernel->apply(in, out);
        best = std::min(best, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    if (words.count("repeat") != 0) std::printf("%.3f\n", best);
    reference::Array output{.shape = input.shape, .dtype = wish, .bytes = {}};
    output.bytes.resize(static_cast<std::size_t>(output.count()) * size_of(wish));
    copy_pixels(out, contiguous_slice(output.bytes.data(), wish, plan.output.shape));
    reference::save_npy(words.at("output"), output);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fputs("usage: test_apply_filter CASES.txt\n", stderr);
        return 2;
    }
    std::ifstream cases(arguments[1]);
    for (std::string line; std::getline(cases, line);) {
        try {
            run(reference::split_words(line));
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s: %s\n", line.c_str(), error.what());
            return 1;
        }
    }
    return 0;
}
