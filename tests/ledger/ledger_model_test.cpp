// The ledger's rules hold in every order of events of a small model, and each of them is needed.
#include "ledger/ledger_model.hpp"

#include "support/catch.hpp"

using slicepool::test::explore;
using slicepool::test::ModelResult;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kMostKills = 2;  // a third takes minutes there, and a model has no memory errors to find
#else
constexpr int kMostKills = 3;
#endif

}  // namespace

TEST_CASE("no order of claims, kills, reaps and sweeps loses a task or gives it to two", "[ledger][model]") {
    const int kills = GENERATE(Catch::Generators::range(0, kMostKills + 1));
    const ModelResult result = explore({.kills = kills});
    CAPTURE(kills, result.states);
    CHECK(result.violation == "");
    CHECK(result.states > 100);
}

TEST_CASE("a task whose workers keep dying is given up, and the others are done", "[ledger][model]") {
    const ModelResult result = explore({.kills = 2, .max_attempts = 2});
    CHECK(result.violation == "");
}

TEST_CASE("offering the task of a worker that is not reaped would give it to two", "[ledger][model]") {
    const ModelResult result = explore({.kills = 1, .requeue_before_reap = true});
    CAPTURE(result.states);
    CHECK(result.violation != "");
}

TEST_CASE("trusting the tickets would lose a task", "[ledger][model]") {
    CHECK(explore({.kills = 1, .search_waiting = false}).violation == "a task is lost");
}

TEST_CASE("settling only what a dead worker said it was doing would lose a task", "[ledger][model]") {
    CHECK(explore({.kills = 1, .sweep_all_words = false}).violation == "a task is lost");
}
