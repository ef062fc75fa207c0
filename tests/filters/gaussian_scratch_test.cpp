// gaussian_scratch_test.cpp: gaussian, uniform and median allocate no more than their plans declare, and nothing in
// apply. A program of its own: it replaces operator new to count.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <slicepool/filters/gaussian.hpp>
#include <slicepool/filters/median.hpp>
#include <slicepool/filters/uniform.hpp>

#include "support/catch.hpp"
#include "support/plain_image.hpp"

namespace {

std::size_t asked_bytes = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
    asked_bytes += bytes;
    void* block =
        std::aligned_alloc(alignment, (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

// Not inlined, or the compiler sees memory of "new" go to free and warns of a mismatch.
[[gnu::noinline]] void release(void* block) noexcept { std::free(block); }

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new[](std::size_t bytes) { return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return counted(bytes, static_cast<std::size_t>(alignment));
}
// The standard library sorts with these; a sanitizer's own would not fit our delete.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { release(block); }

namespace slicepool {
namespace {

template <class Filter>
void check_scratch(const Filter& filter) {
    for (const SliceShape shape : {SliceShape{0, 0}, {1, 1}, {3, 5}, {40, 31}, {9, 5003}, {700, 2}}) {
        CAPTURE(shape.rows, shape.columns);
        testing::PlainImage<double> input(shape);
        testing::PlainImage<float> output(shape);
        const std::size_t declared = filter.plan(input.spec(), DType::f32).scratch_bytes;
        const std::size_t before = asked_bytes;
        const auto kernel = filter.prepare(input.spec(), DType::f32);
        const std::size_t prepared = asked_bytes;
        kernel->apply(input.slice(), output.slice());
        const std::size_t applied = asked_bytes;
        CHECK(prepared - before <= declared);
        CHECK(applied == prepared);
    }
}

}  // namespace

TEST_CASE("a gaussian's kernel keeps to its declared memory", "[filters][gaussian][memory]") {
    for (const auto mode : {filters::Boundary::reflect, filters::Boundary::wrap, filters::Boundary::constant}) {
        check_scratch(filters::gaussian({.sigma = {3, 5}, .mode = mode}));
        check_scratch(filters::gaussian({.sigma = {0, 40}, .mode = mode}));
        check_scratch(filters::gaussian({.sigma = {100, 0.3}, .mode = mode, .radius = {-1, 77}}));
    }
}

TEST_CASE("a uniform filter's kernel keeps to its declared memory", "[filters][uniform][memory]") {
    check_scratch(filters::uniform({.size = {3, 5}}));
    check_scratch(filters::uniform({.size = {1, 200}, .mode = filters::Boundary::constant}));
}

TEST_CASE("a median's kernel keeps to its declared memory", "[filters][median][memory]") {
    check_scratch(filters::median({.size = {3, 5}}));
    check_scratch(filters::median({.size = {1, 71}, .mode = filters::Boundary::constant}));
}

}  // namespace slicepool
