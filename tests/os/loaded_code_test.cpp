// Loaded code: an address is known when its library was there at the snapshot and still is, and only then.
#include "os/loaded_code.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "support/catch.hpp"

namespace os = slicepool::os;

namespace {

const int kInThisProgram = 1;

struct Library {
    void* handle = ::dlopen(SLICEPOOL_TEST_LATE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ~Library() {
        if (handle != nullptr) ::dlclose(handle);
    }
    [[nodiscard]] const void* address() const { return ::dlsym(handle, "slicepool_late_answer"); }
};

}  // namespace

TEST_CASE("code of the program and of libraries it was started with is known", "[os][code]") {
    const os::LoadedCode code = os::LoadedCode::now();
    CHECK(code.contains(&kInThisProgram));
    CHECK(code.contains(reinterpret_cast<const void*>(&::malloc)));
}

TEST_CASE("memory that is no code is not known", "[os][code]") {
    const os::LoadedCode code = os::LoadedCode::now();
    const int on_the_stack = 0;
    const auto on_the_heap = std::make_unique<int>(0);
    CHECK_FALSE(code.contains(&on_the_stack));
    CHECK_FALSE(code.contains(on_the_heap.get()));
    CHECK_FALSE(code.contains(nullptr));
    CHECK(os::LoadedCode::object_of(on_the_heap.get()).empty());
}

TEST_CASE("a library loaded after the snapshot is not known to it, and is named", "[os][code]") {
    const os::LoadedCode before = os::LoadedCode::now();
    const Library late;
    REQUIRE(late.address() != nullptr);
    CHECK_FALSE(before.contains(late.address()));
    CHECK(os::LoadedCode::now().contains(late.address()));
    CHECK(os::LoadedCode::object_of(late.address()).find("slicepool_late") != std::string::npos);
}

TEST_CASE("a library that has gone since the snapshot is not known any more", "[os][code]") {
    os::LoadedCode code;
    const void* address = nullptr;
    {
        const Library late;
        address = late.address();
        REQUIRE(address != nullptr);
        code = os::LoadedCode::now();
        CHECK(code.contains(address));
    }
    CHECK_FALSE(code.contains(address));
}
