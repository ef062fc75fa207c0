// loaded_code.hpp: which executables and shared libraries were in the process at some moment.
// For telling whether an address means the same in a process forked then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slicepool::os {

/// A snapshot of the loaded objects. Immutable; safe from many threads.
class LoadedCode {
public:
    [[nodiscard]] static LoadedCode now();

    /// True when `address` lies in an object that was loaded at the snapshot and still is the same.
    [[nodiscard]] bool contains(const void* address) const;
    /// The file of the object that holds `address` now, or empty.
    [[nodiscard]] static std::string object_of(const void* address);

private:
    struct Object {
        std::string file;
        std::uintptr_t base = 0;
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
    };
    [[nodiscard]] const Object* find(const void* address) const;
    std::vector<Object> objects_;
};

}  // namespace slicepool::os
