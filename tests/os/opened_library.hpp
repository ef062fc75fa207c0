// opened_library.hpp: what tests of inner threads share: forked processes that bring back numbers, and libraries opened at
// run time. Everything happens in forked processes: these libraries keep their threads.
#pragma once

#include <dlfcn.h>
#include <sys/mman.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "os/forked.hpp"
#include "support/catch.hpp"
#include "support/watchdog.hpp"

namespace slicepool::test {

using Numbers = std::array<int, 8>;

/// The exit code of a forked process that runs `action`; -1 when it did not end by itself.
template <class Action>
[[nodiscard]] int code_of_forked(Action&& action) {
    return forked([&] {
               const Watchdog watchdog("a process of a test of inner threads");
               return action();
           })
        .code;
}

/// What `action` writes into the numbers, in a forked process that must end well.
template <class Action>
Numbers in_forked_process(Action&& action) {
    void* const shared = ::mmap(nullptr, sizeof(Numbers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::runtime_error("mmap");
    auto& numbers = *new (shared) Numbers{};
    const int code = code_of_forked([&] {
        action(numbers);
        return 0;
    });
    const Numbers result = numbers;
    ::munmap(shared, sizeof(Numbers));
    REQUIRE(code == 0);
    return result;
}

/// A library opened as Python opens its extensions: nobody else finds its symbols.
class Library {
public:
    explicit Library(const char* file) : handle_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
        if (handle_ == nullptr) throw std::runtime_error(::dlerror());
    }
    template <class Signature>
    [[nodiscard]] Signature* function(const char* name) const {
        void* const address = ::dlsym(handle_, name);
        if (address == nullptr) throw std::runtime_error(name);
        return reinterpret_cast<Signature*>(address);
    }

private:
    void* handle_;  // not closed: such libraries cannot be
};

[[nodiscard]] inline int thread_count() {
    return static_cast<int>(
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator()));
}

template <class Action>
void in_thread(Action&& action) {
    std::thread(std::forward<Action>(action)).join();
}

[[nodiscard]] inline std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "unset" : value;
}

}  // namespace slicepool::test
