// slice_session.hpp: a run of slices: records in shared memory, pixels in place.
#pragma once

#include "backends/run_session.hpp"

#include "supervision/slice_book.hpp"

#include <span>

namespace slicepool {

class SliceSession final : public RunSession {
public:
    SliceSession(const ControlArea& control, const Job& job);

    [[nodiscard]] TaskBook& book() noexcept override { return book_; }
    [[nodiscard]] WorkPlace place(Owner owner) const noexcept override;

private:
    void report_items(Report& report) override;
    [[nodiscard]] std::int64_t call_of(std::int64_t position) const noexcept;
    [[nodiscard]] std::int64_t index_of(std::int64_t item) const noexcept override {
        return job().order.slices.index(item);
    }

    std::span<SliceRecord> records_;
    SliceBook book_;
};

}  // namespace slicepool
