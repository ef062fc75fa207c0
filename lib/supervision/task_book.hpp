// task_book.hpp: what lies behind the tasks of a run, for settling what a dead worker held.
// The words of the ledger say who has a task; a book says what is in it and what has come of that.
#pragma once

#include <slicepool/core/report.hpp>
#include "ledger/slice_ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace slicepool {

/// Items are what a run is asked for, numbered from 0: slices, or calls. A task of the ledger holds one or more. Used by
/// the thread that supervises the run.
class TaskBook {
public:
    TaskBook() = default;
    TaskBook(const TaskBook&) = delete;
    TaskBook& operator=(const TaskBook&) = delete;
    virtual ~TaskBook() = default;

    [[nodiscard]] virtual std::int64_t item_count() const noexcept = 0;

    /// Takes in what workers have sent since the last call.
    virtual void hear() {}
    /// True when what the worker in this slot sends makes no sense, so that it has to be replaced.
    [[nodiscard]] virtual bool is_garbled(std::size_t slot) const noexcept {
        static_cast<void>(slot);
        return false;
    }
    /// The worker in this slot was reaped: what it had not finished sending is void.
    virtual void forget_worker(std::size_t slot) { static_cast<void>(slot); }

    /// What a death changed.
    struct Settlement {
        std::int64_t given_up = 0;
        std::int64_t to_retry = 0;
    };
    /// T3 for a claim of a worker that was reaped. The item it was in, -1 when unknown, has used up an attempt if
    /// `charge`; after `max_attempts` it is given up.
    virtual Settlement settle(const Claim& claim, std::int64_t item, const Cause& cause, bool charge,
                              int max_attempts) = 0;
    /// T3 for a claim of a worker that cannot be reaped: nobody else may have it, so its open items are given up.
    virtual Settlement abandon(const Claim& claim, const Cause& cause) = 0;
    /// True when the ledger says that a task is done, and the book knows that it is not: a stray write.
    [[nodiscard]] virtual bool contradicts(std::int64_t done_task) = 0;

    /// What the worker wrote to standard error by the time it failed at `item` with an exception, for the report. Kept of
    /// the first thousand such failures.
    void note_words(std::int64_t item, std::string words) {
        if (item < item_count() && !words.empty() && words_.size() < kMostWords)
            words_.insert_or_assign(item, std::move(words));
    }
    [[nodiscard]] std::string words_of(std::int64_t item) const {
        const auto found = words_.find(item);
        return found != words_.end() ? found->second : std::string();
    }

    /// By item, oldest first: the attempts that cost a worker's life.
    [[nodiscard]] const std::map<std::int64_t, std::vector<Cause>>& causes() const noexcept { return causes_; }

protected:
    std::map<std::int64_t, std::vector<Cause>> causes_;

private:
    static constexpr std::size_t kMostWords = 1000;
    std::map<std::int64_t, std::string> words_;  // by item
};

}  // namespace slicepool
