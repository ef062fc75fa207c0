// ring_outbox.hpp: a worker's end of its result ring, with the waiting that the ring leaves out.
#pragma once

#include "backends/control_area.hpp"

#include "os/event.hpp"
#include "worker/work.hpp"

#include <cstdint>

namespace slicepool {

class RingOutbox final : public Outbox {
public:
    /// For one run; `bell` is rung when there is something for the host to take.
    RingOutbox(const ControlArea& control, std::size_t slot, std::uint32_t run, const os::Event& bell) noexcept
        : header_(control.header()), ring_(control.ring(slot)), run_(run), bell_(bell) {}

    bool send(std::span<const std::byte> message) noexcept override;

private:
    const ControlHeader& header_;
    ResultRing ring_;
    std::uint32_t run_;
    const os::Event& bell_;
};

}  // namespace slicepool
