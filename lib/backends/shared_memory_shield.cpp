#include "backends/shared_memory_shield.hpp"

#include "os/child.hpp"
#include "os/mapping.hpp"

#include <algorithm>
#include <exception>

namespace slicepool {
namespace {

constexpr std::int64_t kTrial = 8;       // slices, before its cost is judged,
constexpr std::int64_t kShortTrial = 2;  // and before it is seen to be far too much
constexpr int kCannotReachControl = 71;  // EX_OSERR: the worker could not open its own records again

void protect_each(const FewOf<std::span<std::byte>>& ranges, os::Access access) {
    for (const std::span<std::byte> range : ranges)
        if (!range.empty()) os::protect(range, access);
}

}  // namespace

void SharedMemoryShield::begin_run(const FewOf<std::span<std::byte>>& outputs, bool only_if_cheap) noexcept {
    outputs_ = outputs;
    only_if_cheap_ = only_if_cheap;
    given_up_ = false;
    slices_ = 0;
    computing_ = {};
    cheapest_ = Clock::duration::max();
}

void SharedMemoryShield::raise(const FewOf<std::span<std::byte>>& own_pages) {
    if (given_up_) return;
    const auto start = Clock::now();
    protect_each(own_pages, os::Access::read_write);
    own_pages_ = own_pages;
    os::protect(control_, os::Access::read);
    raised_ = Clock::now();
    raising_ = raised_ - start;
}

void SharedMemoryShield::lower() noexcept {
    if (given_up_) return;
    const auto start = Clock::now();
    try {
        os::protect(control_, os::Access::read_write);
        protect_each(own_pages_, os::Access::read);
        own_pages_ = {};
        ++slices_;
        computing_ += start - raised_;
        cheapest_ = std::min(cheapest_, raising_ + (Clock::now() - start));
        if (!costs_too_much()) return;
        protect_each(outputs_, os::Access::read_write);
        given_up_ = true;
    } catch (const std::exception&) {
        os::leave(kCannotReachControl);  // the slice is tried again by another worker
    }
}

bool SharedMemoryShield::costs_too_much() const noexcept {
    if (!only_if_cheap_ || slices_ < kShortTrial) return false;
    const int least_ratio = slices_ < kTrial ? 25 : 100;
    return cheapest_ * slices_ * least_ratio > computing_;
}

}  // namespace slicepool
