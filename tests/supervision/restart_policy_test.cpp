// Whether and when a dead worker is replaced: a table of histories and decisions.
#include "supervision/restart_policy.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/messages.hpp"

using namespace slicepool;
using namespace std::chrono_literals;

namespace {

/// `count` deaths, `apart` from one another.
DeathHistory deaths(int count, std::chrono::nanoseconds apart) {
    DeathHistory history;
    for (int i = 0; i < count; ++i) history.deaths_without_progress.push_back(100s + i * apart);
    return history;
}

bool gives_up(const RestartPolicy& policy, const DeathHistory& history) {
    return policy.decide(history).what == RestartDecision::What::give_up;
}

}  // namespace

TEST_CASE("without deaths, and after the first few, a worker is replaced at once", "[supervision][policy]") {
    const RestartPolicy policy(RestartPolicy::default_for(1));
    for (int count = 0; count <= 5; ++count) {
        const RestartDecision decision = policy.decide(deaths(count, 1ms));
        CHECK(decision.what == RestartDecision::What::restart);
        CHECK(decision.delay == 0ms);
        CHECK(decision.reason.empty());
    }
}

TEST_CASE("more deaths without progress than allowed end the run, with the figures", "[supervision][policy]") {
    struct Row {
        int workers;
        int allowed;
    };
    const Row row = GENERATE(Row{1, 10}, Row{2, 10}, Row{5, 10}, Row{6, 12}, Row{64, 128});
    const RestartPolicy policy(RestartPolicy::default_for(row.workers));
    CHECK_FALSE(gives_up(policy, deaths(row.allowed, 1ms)));
    CHECK(gives_up(policy, deaths(row.allowed + 1, 1ms)));
    CHECK(test::missing_in(policy.decide(deaths(row.allowed + 1, 1ms)).reason,
                           {std::to_string(row.allowed + 1), "5 s"}) == "");
}

TEST_CASE("deaths in slices, which are tried again or given up, weigh a tenth of others", "[supervision][policy]") {
    const int workers = GENERATE(1, 2, 64);
    const RestartIntensity in_slices = RestartPolicy::default_in_slices(workers);
    CHECK(in_slices.deaths == 10 * RestartPolicy::default_for(workers).deaths);
    CHECK(in_slices.window == RestartPolicy::default_for(workers).window);
}

TEST_CASE("deaths further apart than the window are no crash loop, however many", "[supervision][policy]") {
    CHECK_FALSE(gives_up(RestartPolicy(RestartPolicy::default_for(1)), deaths(1000, 1s)));
    CHECK_FALSE(gives_up(RestartPolicy({.deaths = 10, .window = 1s}), deaths(1000, 200ms)));
    CHECK(gives_up(RestartPolicy({.deaths = 10, .window = 60s}), deaths(12, 1s)));
}

TEST_CASE("only deaths within the window before the last one count", "[supervision][policy]") {
    DeathHistory history = deaths(10, 1ms);
    history.deaths_without_progress.push_back(history.deaths_without_progress.back() + 1min);
    CHECK_FALSE(gives_up(RestartPolicy(RestartPolicy::default_for(1)), history));
    CHECK(RestartPolicy(RestartPolicy::default_for(1)).decide(history).delay == 0ms);
}

TEST_CASE("restarts are delayed more and more once half the deaths are used up, and boundedly",
          "[supervision][policy]") {
    const RestartPolicy policy(RestartPolicy::default_for(1));
    std::chrono::milliseconds before{0};
    for (int count = 6; count <= 10; ++count) {
        const auto delay = policy.decide(deaths(count, 1ms)).delay;
        CHECK(delay > before);
        before = delay;
    }
    const RestartPolicy large(RestartPolicy::default_for(1000));
    for (int count = 1000; count <= 2000; count += 100) CHECK(large.decide(deaths(count, 1us)).delay <= 64ms);
}
