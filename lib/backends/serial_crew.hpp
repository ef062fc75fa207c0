// serial_crew.hpp: the backend `serial`: the caller does every slice itself. For debugging; no isolation at all.
// The loop, the ledger and the report are those of the other backends.
#pragma once

#include "backends/control_area.hpp"
#include "backends/crew.hpp"

#include "os/event.hpp"

namespace slicepool {

class SerialCrew final : public Crew {
public:
    explicit SerialCrew(const CrewPlan& plan) : control_(1, plan.most_slices), core_share_(plan.core_share) {}

    [[nodiscard]] Report run(const Job& job) override;
    [[nodiscard]] Backend backend() const noexcept override { return Backend::serial; }
    [[nodiscard]] int worker_count() const noexcept override { return 1; }

private:
    ControlArea control_;
    os::Event bell_;
    std::optional<int> core_share_;
};

}  // namespace slicepool
