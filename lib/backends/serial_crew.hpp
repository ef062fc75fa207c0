// serial_crew.hpp: the backend `serial`: the caller does every slice itself. For debugging; no isolation at all.
// The loop, the ledger and the report are those of the other backends.
#pragma once

#include "backends/control_area.hpp"
#include "backends/crew.hpp"

#include "os/event.hpp"

namespace slicepool {

class SerialCrew final : public Crew {
public:
    explicit SerialCrew(std::int64_t most_slices) : control_(1, most_slices) {}

    [[nodiscard]] Report run(const Job& job) override;
    [[nodiscard]] Backend backend() const noexcept override { return Backend::serial; }
    [[nodiscard]] int worker_count() const noexcept override { return 1; }

private:
    ControlArea control_;
    os::Event bell_;
};

}  // namespace slicepool
