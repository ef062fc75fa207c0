#include "backends/worker_memory.hpp"

#include "os/file_descriptor.hpp"

#include <fmt/format.h>

namespace slicepool {

void WorkerMemory::enter_run(const ControlHeader& header, WorkOrder& order) {
    if (!is_closed_) close_what_was_inherited();
    is_closed_ = true;
    for (const std::span<std::byte> range : writable_) os::protect(range, os::Access::read);
    writable_.clear();
    own_.clear();
    guarded_ = {};
    if (order.is_of_calls()) return;
    // Outputs last: where one lies in the storage of an input, it has to be open.
    for (std::size_t i = 0; i < order.inputs.size(); ++i)
        reach(header.input_reach[i], os::Access::read, order.inputs[i].pixels);
    for (std::size_t i = 0; i < order.outputs.size(); ++i) {
        const std::span<std::byte> range =
            reach(header.output_reach[i], os::Access::read_write, order.outputs[i].pixels);
        if (order.outputs[i].guarded) guarded_.push_back(range);
    }
    // The shield opens them slice by slice.
    for (const std::span<std::byte> range : guarded_) os::protect(range, os::Access::read);
}

void WorkerMemory::close_what_was_inherited() {
    inherited_.arena.close_in_this_process();
    const std::span<std::byte> arena = inherited_.arena.range();
    for (const std::span<std::byte> range : inherited_.writable) {
        const bool in_arena = range.data() >= arena.data() && range.data() < arena.data() + arena.size();
        // Another thread of the host may have unmapped it just before the fork, and private memory taken its place.
        if (!in_arena && !range.empty() && os::is_mapped_shared(range)) os::protect(range, os::Access::read);
    }
}

std::span<std::byte> WorkerMemory::reach(const ControlHeader::Reach& place, os::Access access, PixelMap& pixels) {
    const std::span<std::byte> range{place.begin, place.bytes};
    if (place.in_arena || place.serial < inherited_.serials) {  // mapped when we were forked
        os::protect(range, access);
        if (access == os::Access::read_write) writable_.push_back(range);
        return range;
    }
    const auto path = fmt::format("/proc/{}/fd/{}", inherited_.host_pid, place.descriptor);
    const os::FileDescriptor file =
        access == os::Access::read ? os::open_for_reading(path) : os::open_for_writing(path);
    const os::Mapping& own =
        own_.emplace_back(os::Mapping::of_file(file.get(), place.offset, place.bytes, access, path));
    pixels.data = own.data() + (pixels.data - place.begin);
    return own.range();
}

}  // namespace slicepool
