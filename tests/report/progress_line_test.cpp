// progress_line_test.cpp: the exact text of progress lines, and what the pace is estimated from.
#include <slicepool/report/progress_line.hpp>

#include <chrono>
#include <cmath>
#include <string>

#include "support/catch.hpp"

using namespace slicepool;
using report::ProgressLine;

namespace {

Progress at(double seconds, std::int64_t done, std::int64_t total, std::int64_t failed = 0, std::int64_t retried = 0) {
    return {.total = total,
            .done = done,
            .failed = failed,
            .retried = retried,
            .elapsed = std::chrono::duration<double>(seconds)};
}

std::string text_of(const Progress& progress) {
    ProgressLine line;
    line.update(progress);
    return line.text();
}

bool is_near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); }

}  // namespace

TEST_CASE("a progress line is written in tqdm's grammar", "[report][progress]") {
    CHECK(text_of(at(2.0, 8, 16)) == " 50%|#####     | 8/16 [00:02<00:02, 4.00slice/s]");
    CHECK(text_of(at(0.0, 0, 16)) == "  0%|          | 0/16 [00:00<?, ?slice/s]");
    CHECK(text_of(at(4.0, 16, 16)) == "100%|##########| 16/16 [00:04<00:00, 4.00slice/s]");
}

TEST_CASE("slow runs show seconds per slice, and hours", "[report][progress]") {
    CHECK(text_of(at(20.0, 8, 16)) == " 50%|#####     | 8/16 [00:20<00:20, 2.50s/slice]");
    CHECK(text_of(at(7325.0, 1, 3)) == " 33%|###       | 1/3 [2:02:05<4:04:10, 7325.00s/slice]");
}

TEST_CASE("trouble is shown where there is some", "[report][progress]") {
    CHECK(text_of(at(2.0, 7, 16, 1, 2)) == " 50%|#####     | 8/16 [00:02<00:02, 4.00slice/s, 1 failed, 2 retried]");
    CHECK(text_of(at(2.0, 8, 16, 0, 2)) == " 50%|#####     | 8/16 [00:02<00:02, 4.00slice/s, 2 retried]");
    CHECK(text_of(at(2.0, 7, 16, 1, 0)) == " 50%|#####     | 8/16 [00:02<00:02, 4.00slice/s, 1 failed]");
}

TEST_CASE("100 % is for the end", "[report][progress]") {
    CHECK(text_of(at(1.0, 999, 1000)).substr(0, 16) == " 99%|######### |");
    CHECK(text_of(at(1.0, 0, 0)).substr(0, 16) == "100%|##########|");
}

TEST_CASE("the bar takes the width that is left, and goes when there is none", "[report][progress]") {
    ProgressLine line;
    line.update(at(2.0, 8, 16));
    for (const int columns : {46, 80, 121}) {
        CAPTURE(columns);
        CHECK(line.text(columns).size() == static_cast<std::size_t>(columns));
    }
    CHECK(line.text(42) == " 50%|##  | 8/16 [00:02<00:02, 4.00slice/s]");
    CHECK(line.text(41) == " 50% 8/16 [00:02<00:02, 4.00slice/s]");
    CHECK(line.text(0) == line.text(41));
}

TEST_CASE("the pace follows the last seconds while the run is under way", "[report][progress]") {
    ProgressLine line;
    for (int second = 1; second <= 100; ++second) line.update(at(second, second, 1000));
    CHECK(is_near(line.rate().value(), 1.0));
    std::int64_t done = 100;
    for (int second = 101; second <= 130; ++second) line.update(at(second, done += 10, 1000));
    CHECK(line.rate().value() > 9.0);
    CHECK(line.rate().value() < 10.0);
    CHECK(is_near(line.eta().value(), 600.0 / line.rate().value()));
}

TEST_CASE("the estimate runs down between slices, not below nothing", "[report][progress]") {
    ProgressLine line;
    line.update(at(10.0, 1, 2));
    CHECK(is_near(line.eta().value(), 10.0));
    line.update(at(14.0, 1, 2));
    CHECK(is_near(line.eta().value(), 6.0));
    line.update(at(30.0, 1, 2));
    CHECK(line.eta().value() == 0.0);
    CHECK(is_near(line.rate().value(), 0.1));
}

TEST_CASE("at the end the pace is the mean", "[report][progress]") {
    ProgressLine line;
    line.update(at(10.0, 1, 11));
    line.update(at(11.0, 11, 11));
    CHECK(is_near(line.rate().value(), 1.0));
    CHECK(line.eta().value() == 0.0);
}

TEST_CASE("progress as JSON has null for what is not known yet", "[report][progress]") {
    ProgressLine line;
    line.update(at(0.0, 0, 16));
    CHECK(line.json() == R"({"t":0.000,"done":0,"total":16,"failed":0,"retried":0,"rate":null,"eta":null})");
    line.update(at(2.0, 7, 16, 1, 2));
    CHECK(line.json() == R"({"t":2.000,"done":7,"total":16,"failed":1,"retried":2,"rate":4,"eta":2})");
}
