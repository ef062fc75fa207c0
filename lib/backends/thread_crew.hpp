// thread_crew.hpp: the backend `threads`: workers are threads of the host. It survives exceptions, not crashes.
// Threads stay between runs.
#pragma once

#include "backends/control_area.hpp"
#include "backends/crew.hpp"

#include "os/child.hpp"
#include "os/event.hpp"
#include "os/inner_threads.hpp"

#include <thread>
#include <vector>

namespace slicepool {

class ThreadCrew final : public Crew {
public:
    explicit ThreadCrew(const CrewPlan& plan);
    ~ThreadCrew() override;

    [[nodiscard]] Report run(const Job& job) override;
    [[nodiscard]] Backend backend() const noexcept override { return Backend::threads; }
    [[nodiscard]] int worker_count() const noexcept override { return static_cast<int>(workers_.size()); }

private:
    void be_worker(std::uint16_t slot);
    void dismiss() noexcept;

    std::int64_t maker_pid_ = os::process_id();
    ControlArea control_;
    int core_share_;
    WorkerPlaces places_;
    os::InnerThreadLibraries libraries_;  // of the run at hand; read by workers in it
    os::Event bell_;
    std::chrono::steady_clock::time_point birth_;
    std::vector<std::thread> workers_;
};

}  // namespace slicepool
