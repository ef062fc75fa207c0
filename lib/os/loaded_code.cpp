#include "os/loaded_code.hpp"

#include <link.h>

#include <algorithm>

namespace slicepool::os {

LoadedCode LoadedCode::now() {
    LoadedCode code;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* objects) {
            for (int segment = 0; segment < info->dlpi_phnum; ++segment) {
                const auto& header = info->dlpi_phdr[segment];
                if (header.p_type != PT_LOAD) continue;
                const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
                static_cast<std::vector<Object>*>(objects)->push_back(
                    {info->dlpi_name, info->dlpi_addr, begin, begin + header.p_memsz});
            }
            return 0;
        },
        &code.objects_);
    return code;
}

const LoadedCode::Object* LoadedCode::find(const void* address) const {
    const auto number = reinterpret_cast<std::uintptr_t>(address);
    const auto found = std::ranges::find_if(
        objects_, [number](const Object& object) { return number >= object.begin && number < object.end; });
    return found == objects_.end() ? nullptr : &*found;
}

bool LoadedCode::contains(const void* address) const {
    const Object* const then = find(address);
    const LoadedCode today = now();
    const Object* const object = today.find(address);
    return then != nullptr && object != nullptr && then->file == object->file && then->base == object->base;
}

std::string LoadedCode::object_of(const void* address) {
    const LoadedCode today = now();
    const Object* const object = today.find(address);
    return object == nullptr ? std::string() : object->file;
}

}  // namespace slicepool::os
