// ledger_model.hpp: every order in which two workers, a supervisor and kills can act on a ledger of two tasks.
// A model of the steps, not the code, of which it takes the packing of words; kill_anywhere_test.cpp kills the code.
#pragma once

#include <cstdint>
#include <string>

namespace slicepool::test {

struct ModelRules {
    int kills = 2;                     ///< over all workers
    int max_attempts = 5;              ///< of a task; then it is failed
    bool requeue_before_reap = false;  ///< the fatal mistake: tasks of a worker that only seems dead are offered again
    bool search_waiting = true;        ///< without it, tickets would be more than a hint
    bool sweep_all_words = true;       ///< without it, only the task in the mailbox of the dead would be settled
};

struct ModelResult {
    std::int64_t states = 0;  ///< different ones that can be reached
    std::string violation;    ///< of the first rule broken, or empty
};

/// Explores breadth first; stops at the first violation. The rules it checks: no two workers write one task at a time,
/// none writes a finished task, a commit is never refused, and where nothing can happen any more every task is done or
/// failed.
[[nodiscard]] ModelResult explore(const ModelRules& rules);

}  // namespace slicepool::test
