// shared_ledger.hpp: a ledger in memory that forked processes share, for tests.
// Everything else about it is SliceLedger's.
#pragma once

#include "ledger/slice_ledger.hpp"
#include "os/mapping.hpp"

namespace slicepool::test {

struct SharedLedger {
    os::Mapping mapping;
    SliceLedger ledger;

    explicit SharedLedger(std::int64_t task_count)
        : mapping(mapping_of(SliceLedger::bytes_for(task_count))),
          ledger(SliceLedger::create(mapping.range(), task_count)) {}

    /// Draws tickets and claims nothing, as a worker that is killed in between.
    void draw_tickets(std::int64_t count) const {
        reinterpret_cast<std::atomic<std::int64_t>*>(mapping.data())->fetch_add(count);
    }
    void set_tickets(std::int64_t value) const {
        reinterpret_cast<std::atomic<std::int64_t>*>(mapping.data())->store(value);
    }

    [[nodiscard]] static os::Mapping mapping_of(std::size_t bytes) {
        const std::size_t pages = os::whole_pages(bytes);
        return os::Mapping::of_file(os::sealed_memory_file("test", pages).get(), 0, pages, os::Access::read_write,
                                    "test");
    }
};

}  // namespace slicepool::test
