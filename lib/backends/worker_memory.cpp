#include "backends/worker_memory.hpp"

#include "os/file_descriptor.hpp"

#include <fmt/format.h>

namespace slicepool {

void WorkerMemory::enter_run(const ControlHeader& header, WorkOrder& order) {
    if (!is_closed_) close_what_was_inherited();
    is_closed_ = true;
    if (!writable_.empty()) os::protect(writable_, os::Access::read);
    writable_ = {};
    if (order.is_of_calls()) return;
    reach(header.input_reach, os::Access::read, order.input, own_input_);
    reach(header.output_reach, os::Access::read_write, order.output, own_output_);
    // The shield opens it slice by slice.
    if (order.guard_output) os::protect(output(), os::Access::read);
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

void WorkerMemory::reach(const ControlHeader::Reach& place, os::Access access, PixelMap& pixels, os::Mapping& own) {
    const std::span<std::byte> range{place.begin, place.bytes};
    own = {};
    if (place.in_arena || place.serial < inherited_.serials) {  // mapped when we were forked
        os::protect(range, access);
        if (access == os::Access::read_write) writable_ = range;
        return;
    }
    const auto path = fmt::format("/proc/{}/fd/{}", inherited_.host_pid, place.descriptor);
    const os::FileDescriptor file =
        access == os::Access::read ? os::open_for_reading(path) : os::open_for_writing(path);
    own = os::Mapping::of_file(file.get(), place.offset, place.bytes, access, path);
    pixels.data = own.data() + (pixels.data - place.begin);
}

}  // namespace slicepool
