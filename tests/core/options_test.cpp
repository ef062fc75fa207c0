// Options: numbers of workers by joblib's rules, backends and fills by name.
#include <slicepool/core/options.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using slicepool::test::message_of;
using slicepool::test::missing_in;

TEST_CASE("n_jobs follows joblib's table", "[core][options]") {
    // joblib.effective_n_jobs on a machine of 8 cores, joblib 1.4.
    CHECK(effective_jobs(1, 8) == 1);
    CHECK(effective_jobs(5, 8) == 5);
    CHECK(effective_jobs(100, 8) == 100);
    CHECK(effective_jobs(-1, 8) == 8);
    CHECK(effective_jobs(-2, 8) == 7);
    CHECK(effective_jobs(-8, 8) == 1);
    CHECK(effective_jobs(-9, 8) == 1);
    CHECK(effective_jobs(-100, 8) == 1);
    CHECK(effective_jobs(-1, 1) == 1);
    CHECK(effective_jobs(-2, 1) == 1);
    CHECK(effective_jobs(std::numeric_limits<int>::min(), 8) == 1);
}

TEST_CASE("n_jobs 0 is refused and the message says what to give instead", "[core][options]") {
    CHECK_THROWS_AS(effective_jobs(0, 8), InvalidArgument);
    CHECK(missing_in(message_of<Error>([&] { static_cast<void>(effective_jobs(0, 8)); }), {"n_jobs 0", "-1"}) == "");
}

TEST_CASE("a backend is found by its name and no other", "[core][options]") {
    for (const Backend backend : {Backend::serial, Backend::threads, Backend::processes})
        CHECK(parse_backend(name_of(backend)) == backend);
    CHECK(missing_in(message_of<Error>([&] { static_cast<void>(parse_backend("loky")); }),
                     {"'loky'", "serial, threads, processes"}) == "");
    CHECK_THROWS_AS(parse_backend(""), InvalidArgument);
    CHECK_THROWS_AS(parse_backend("Threads"), InvalidArgument);
}

TEST_CASE("a fill is a name or a number", "[core][options]") {
    CHECK(std::isnan(parse_fill("nan").number()));
    CHECK(parse_fill("zero").number() == 0.0);
    CHECK(parse_fill("copy_input").kind() == Fill::Kind::copy_input);
    CHECK(parse_fill("-1.5e3").number() == -1500.0);
    CHECK(parse_fill("7").kind() == Fill::Kind::value);
    CHECK(parse_fill("7").number() == 7.0);
    CHECK(std::isnan(Fill::nan().number()));
}

TEST_CASE("a fill that is neither is refused by its text", "[core][options]") {
    const std::string text = GENERATE("", " 1", "1 ", "1,5", "1.5x", "0x10", "NULL", "copy", "1e999", "--1");
    CHECK_THROWS_AS(parse_fill(text), InvalidArgument);
    CHECK(missing_in(message_of<Error>([&] { static_cast<void>(parse_fill(text)); }), {"fill '" + text + "'"}) == "");
}

TEST_CASE("a run asks for nothing special by default", "[core][options]") {
    const Options options;
    CHECK(options.axis == 0);
    CHECK_FALSE(options.n_jobs.has_value());
    CHECK_FALSE(options.backend.has_value());
    CHECK(options.max_attempts == 3);
    CHECK(options.on_failure == OnFailure::finish);
    CHECK(std::isnan(options.fill.number()));
    CHECK_FALSE(options.stop_token.stop_possible());
}
