#include "memory/storage.hpp"

#include <mutex>
#include <set>

namespace slicepool {
namespace {

struct Writables {
    std::mutex mutex;
    std::set<const Storage*> storages;
};

/// Never destroyed: volumes may outlive every static object.
Writables& writables() {
    static auto* const all = new Writables;
    return *all;
}

}  // namespace

Storage::Storage(std::span<std::byte> range, bool writable, std::size_t copied_bytes)
    : range_(range),
      writable_(writable),
      copied_bytes_(copied_bytes),
      serial_(counter().fetch_add(1, std::memory_order_relaxed)) {
    if (!writable) return;
    const std::lock_guard lock(writables().mutex);
    writables().storages.insert(this);
}

Storage::~Storage() {
    if (!writable_) return;
    const std::lock_guard lock(writables().mutex);
    writables().storages.erase(this);
}

std::vector<std::span<std::byte>> Storage::writable_ranges() {
    const std::lock_guard lock(writables().mutex);
    std::vector<std::span<std::byte>> ranges;
    for (const Storage* const storage : writables().storages) ranges.push_back(storage->range());
    return ranges;
}

}  // namespace slicepool
