#include "ledger/ledger_model.hpp"

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "ledger/task_word.hpp"

namespace slicepool::test {
namespace {

constexpr int kWorkers = 2;
constexpr int kTasks = 2;

enum class At : std::uint8_t { draw, look_at_ticket, claim_ticket, search, claim_found, write, commit, idle };
enum class Life : std::uint8_t { alive, suspected, killed, reaped };

struct Worker {
    At at = At::draw;
    Life life = Life::alive;
    std::uint8_t task = 0;        ///< it looks at, or holds
    std::uint8_t mailbox = 0xff;  ///< task it says it is at: written after the claim, cleared after the commit
    std::uint8_t sweep = 0;       ///< how far the supervisor is with its tasks
    std::uint8_t killed_later = 0;
    std::uint16_t incarnation = 1;
    std::uint64_t seen = 0;  ///< the word it read, or its claim
};

struct State {
    std::array<std::uint64_t, kTasks> words{};
    std::array<Worker, kWorkers> workers{};
    std::uint8_t ticket = 0;
    std::uint8_t kills = 0;
    std::array<std::uint8_t, 6> padding{};
};
static_assert(std::has_unique_object_representations_v<State>, "states are compared as bytes");

class Explorer {
public:
    explicit Explorer(const ModelRules& rules) : rules_(rules) {}

    ModelResult run() {
        arrive(State{});
        while (!frontier_.empty() && result_.violation.empty()) {
            const State state = frontier_.front();
            frontier_.pop_front();
            const std::size_t before = moves_;
            for (int number = 0; number < kWorkers; ++number) {
                step_of_worker(state, number);
                step_of_supervisor(state, number);
            }
            if (moves_ == before) check_end(state);
        }
        result_.states = static_cast<std::int64_t>(known_.size());
        return result_;
    }

private:
    void arrive(const State& state) {
        ++moves_;
        if (known_.emplace(reinterpret_cast<const char*>(&state), sizeof state).second) frontier_.push_back(state);
    }
    void violated(const char* what) {
        if (result_.violation.empty()) result_.violation = what;
    }

    static Owner owner_of(const State& state, int number) {
        return {static_cast<std::uint16_t>(number), state.workers[static_cast<std::size_t>(number)].incarnation};
    }
    static bool runs(const Worker& worker) { return worker.life == Life::alive || worker.life == Life::suspected; }

    void step_of_worker(const State& state, int number) {
        const Worker& old = state.workers[static_cast<std::size_t>(number)];
        if (!runs(old)) return;
        State next = state;
        Worker& worker = next.workers[static_cast<std::size_t>(number)];
        switch (old.at) {
            case At::draw:
                worker.at = state.ticket < kTasks ? At::look_at_ticket : At::search;
                worker.task = state.ticket < kTasks ? state.ticket : 0;
                // One step: a worker that comes between look and draw only makes this one draw a ticket too many.
                if (state.ticket < kTasks) ++next.ticket;
                break;
            case At::look_at_ticket:
                worker.seen = state.words[old.task];
                worker.at = unpack(worker.seen).state == TaskState::waiting ? At::claim_ticket : At::draw;
                break;
            case At::search:
                if (!rules_.search_waiting || old.task >= kTasks) {
                    worker.at = At::idle;
                    break;
                }
                worker.seen = state.words[old.task];
                if (unpack(worker.seen).state == TaskState::waiting)
                    worker.at = At::claim_found;
                else
                    ++worker.task;
                break;
            case At::claim_ticket:
            case At::claim_found:
                if (state.words[old.task] == old.seen) {
                    worker.seen = pack({TaskState::claimed, unpack(old.seen).attempt, owner_of(state, number)});
                    next.words[old.task] = worker.seen;
                    worker.at = At::write;
                } else if (old.at == At::claim_ticket) {
                    worker.at = At::draw;
                } else {
                    worker.at = At::search;
                    ++worker.task;
                }
                break;
            case At::write:
                for (int other = 0; other < kWorkers; ++other) {
                    const Worker& rival = state.workers[static_cast<std::size_t>(other)];
                    if (other != number && runs(rival) && (rival.at == At::write || rival.at == At::commit) &&
                        rival.task == old.task)
                        return violated("two workers write one task");
                }
                if (unpack(state.words[old.task]).state == TaskState::done)
                    return violated("a finished task is written again");
                worker.mailbox = old.task;
                worker.at = At::commit;
                break;
            case At::commit:
                if (state.words[old.task] != old.seen) return violated("a commit is refused");
                next.words[old.task] = pack({TaskState::done, unpack(old.seen).attempt, owner_of(state, number)});
                worker.mailbox = 0xff;
                worker.at = At::draw;
                break;
            case At::idle: {
                // Woken, by a ring or by its time limit: worth a step only when there is something to find.
                bool waiting = false;
                for (const std::uint64_t word : state.words)
                    waiting = waiting || unpack(word).state == TaskState::waiting;
                if (!waiting || !rules_.search_waiting) return;
                worker.at = At::draw;
                break;
            }
        }
        arrive(next);
    }

    void step_of_supervisor(const State& state, int number) {
        const auto at = static_cast<std::size_t>(number);
        const Worker& old = state.workers[at];
        if (old.life == Life::alive && state.kills < rules_.kills) {
            State next = state;
            ++next.kills;
            next.workers[at].life = rules_.requeue_before_reap ? Life::suspected : Life::killed;
            next.workers[at].sweep = 0;
            arrive(next);
        }
        const bool sweeping = old.life == Life::reaped || (old.life == Life::suspected && !old.killed_later);
        if (old.life == Life::killed || (old.life == Life::suspected && old.killed_later)) {
            State next = state;
            next.workers[at].life = Life::reaped;  // the kill and the reaping of one that was only suspected come late
            if (old.life == Life::suspected) replace(next, at);
            arrive(next);
        }
        if (!sweeping) return;
        State next = state;
        if (old.sweep < kTasks) {
            settle(next, number, old.sweep);
            ++next.workers[at].sweep;
        } else if (old.life == Life::suspected) {
            next.workers[at].killed_later = 1;
        } else {
            replace(next, at);
        }
        arrive(next);
    }

    /// T3 for one word.
    void settle(State& state, int number, std::size_t task) const {
        const TaskEntry entry = unpack(state.words[task]);
        if (entry.state != TaskState::claimed || entry.owner != owner_of(state, number)) return;
        if (!rules_.sweep_all_words && state.workers[static_cast<std::size_t>(number)].mailbox != task) return;
        const int attempt = entry.attempt + 1;
        state.words[task] = attempt >= rules_.max_attempts
                                ? pack({TaskState::failed, entry.attempt, entry.owner})
                                : pack({TaskState::waiting, static_cast<std::uint16_t>(attempt), {}});
    }

    static void replace(State& state, std::size_t at) {
        const auto incarnation = static_cast<std::uint16_t>(state.workers[at].incarnation + 1);
        state.workers[at] = Worker{};
        state.workers[at].incarnation = incarnation;
    }

    void check_end(const State& state) {
        for (const std::uint64_t word : state.words)
            if (const TaskState end = unpack(word).state; end != TaskState::done && end != TaskState::failed)
                return violated("a task is lost");
    }

    const ModelRules rules_;
    ModelResult result_;
    std::unordered_set<std::string> known_;
    std::deque<State> frontier_;
    std::size_t moves_ = 0;
};

}  // namespace

ModelResult explore(const ModelRules& rules) { return Explorer(rules).run(); }

}  // namespace slicepool::test
