#include "supervision/slice_book.hpp"

namespace slicepool {

bool SliceBook::is_settled(std::int64_t position) const noexcept {
    const RecordState now = state(position).load();
    return now == RecordState::failed || now == RecordState::closed;
}

TaskBook::Settlement SliceBook::settle(const Claim& claim, std::int64_t item, const Cause& cause, bool charge,
                                       int max_attempts) {
    const TaskGrouping::Range range = grouping_.positions(claim.task, item_count());
    // Outside the filter (or with a scribbled mailbox) the first slice of the task that is still open takes the blame.
    if (item < range.begin || item >= range.end) {
        item = range.begin;
        while (item < range.end && is_settled(item)) ++item;
    }
    Settlement change;
    const auto charge_for = [&](std::int64_t position) {
        std::vector<Cause>& causes = causes_[position];
        causes.push_back(cause);
        if (static_cast<int>(causes.size()) >= max_attempts) {
            state(position).store(RecordState::closed);
            ++change.given_up;
        } else {
            ++change.to_retry;
        }
    };
    if (charge && item < range.end && !is_settled(item)) {
        const TaskGrouping::Range charged = grouping_.as_one ? range : TaskGrouping::Range{item, item + 1};
        for (std::int64_t position = charged.begin; position < charged.end; ++position)
            if (!is_settled(position)) charge_for(position);
    }
    bool open = false;
    for (std::int64_t position = range.begin; position < range.end; ++position) {
        if (is_settled(position)) continue;
        open = true;
        state(position).store(RecordState::open);  // what was computed but not committed is computed again
    }
    // A false answer would mean that the word changed although its owner is dead: a stray write. The search for waiting
    // or unsettled words then decides, so there is nothing to do here.
    static_cast<void>(open ? ledger_.give_back(claim) : ledger_.give_up(claim));
    return change;
}

TaskBook::Settlement SliceBook::abandon(const Claim& claim, const Cause& cause) {
    Settlement change;
    const TaskGrouping::Range range = grouping_.positions(claim.task, item_count());
    for (std::int64_t position = range.begin; position < range.end; ++position) {
        if (is_settled(position)) continue;
        causes_[position].push_back(cause);
        state(position).store(RecordState::closed);
        ++change.given_up;
    }
    static_cast<void>(ledger_.give_up(claim));
    return change;
}

bool SliceBook::contradicts(std::int64_t done_task) {
    const TaskGrouping::Range range = grouping_.positions(done_task, item_count());
    for (std::int64_t position = range.begin; position < range.end; ++position)
        if (state(position).load() == RecordState::open) return true;
    return false;
}

}  // namespace slicepool
