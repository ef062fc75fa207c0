#include "worker/work.hpp"

#include "worker/call_bench.hpp"
#include "worker/slice_bench.hpp"

namespace slicepool {

std::unique_ptr<Bench> make_bench(const WorkOrder& order, WorkPlace& place) {
    return order.is_of_calls() ? make_call_bench(order, place) : make_slice_bench(order, place);
}

void work(Bench& bench, WorkPlace& place, const std::function<bool()>& keep_going) noexcept {
    const ClaimWindow everything;
    const ClaimWindow& window = place.window != nullptr ? *place.window : everything;
    std::optional<std::int64_t> next = place.first_task;
    while (place.stop->load(std::memory_order_relaxed) == 0 && keep_going()) {
        const auto claim = next ? place.ledger.try_claim_from(*next, place.owner, window)
                                : place.ledger.try_claim(place.owner, window);
        if (!claim) return;
        if (next) next = claim->task + 1;
        place.mailbox->step();
        bench.do_task(*claim);
        place.mailbox->step();
    }
}

}  // namespace slicepool
