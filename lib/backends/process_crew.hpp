// process_crew.hpp: the backend `processes`: workers are forked processes that share the volumes' memory.
// Birth and death are supervision's; what a worker does is worker's; this ties them together.
#pragma once

#include "backends/control_area.hpp"
#include "backends/crew.hpp"

#include "os/event.hpp"
#include "supervision/supervisor.hpp"

namespace slicepool {

class ProcessCrew final : public Crew {
public:
    /// Forks the template and the workers. Throws SystemError.
    explicit ProcessCrew(const CrewPlan& plan);

    [[nodiscard]] Report run(const Job& job) override;
    [[nodiscard]] Backend backend() const noexcept override { return Backend::processes; }
    [[nodiscard]] int worker_count() const noexcept override { return static_cast<int>(control_.mailboxes().size()); }

private:
    ControlArea control_;
    os::Event bell_;
    int core_share_;
    WorkerPlaces places_;
    Supervisor supervisor_;
};

}  // namespace slicepool
