// thread_crew.hpp: the backend `threads`: workers are threads of the host. It survives exceptions, not crashes.
// Threads stay between runs.
#pragma once

#include "backends/control_area.hpp"
#include "backends/crew.hpp"

#include "os/child.hpp"
#include "os/event.hpp"

#include <thread>
#include <vector>

namespace slicepool {

class ThreadCrew final : public Crew {
public:
    ThreadCrew(int worker_count, std::int64_t most_slices);
    ~ThreadCrew() override;

    [[nodiscard]] Report run(const Job& job) override;
    [[nodiscard]] Backend backend() const noexcept override { return Backend::threads; }
    [[nodiscard]] int worker_count() const noexcept override { return static_cast<int>(workers_.size()); }

private:
    void dismiss() noexcept;

    std::int64_t maker_pid_ = os::process_id();
    ControlArea control_;
    os::Event bell_;
    std::chrono::steady_clock::time_point birth_;
    std::vector<std::thread> workers_;
};

}  // namespace slicepool
