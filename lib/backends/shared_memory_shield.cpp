#include "backends/shared_memory_shield.hpp"

#include "os/child.hpp"
#include "os/mapping.hpp"

#include <exception>

namespace slicepool {
namespace {

constexpr int kCannotReachControl = 71;  // EX_OSERR: the worker could not open its own records again

}  // namespace

void SharedMemoryShield::raise(std::span<std::byte> own_pages) {
    if (!own_pages.empty()) os::protect(own_pages, os::Access::read_write);
    own_pages_ = own_pages;
    os::protect(control_, os::Access::read);
}

void SharedMemoryShield::lower() noexcept {
    try {
        os::protect(control_, os::Access::read_write);
        if (!own_pages_.empty()) os::protect(own_pages_, os::Access::read);
    } catch (const std::exception&) {
        os::leave(kCannotReachControl);  // the slice is tried again by another worker
    }
    own_pages_ = {};
}

}  // namespace slicepool
