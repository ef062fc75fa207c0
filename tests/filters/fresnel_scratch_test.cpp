// Whether kernels keep to the memory their plans declare. A program of its own, as it counts every allocation.
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <vector>

#include "support/catch.hpp"

#include <slicepool/filters/chain.hpp>
#include <slicepool/filters/fresnel.hpp>

namespace {

std::size_t held_bytes = 0;
std::size_t peak_bytes = 0;

void* counted(void* block) {
    if (block == nullptr) throw std::bad_alloc();
    held_bytes += malloc_usable_size(block);
    peak_bytes = std::max(peak_bytes, held_bytes);
    return block;
}

// Not inlined, or the compiler sees that memory of "new" goes to free and warns of a mismatch.
[[gnu::noinline]] void release(void* block) noexcept {
    if (block != nullptr) held_bytes -= malloc_usable_size(block);
    std::free(block);
}

void* plain(std::size_t bytes) { return counted(std::malloc(std::max(bytes, std::size_t{1}))); }

void* aligned(std::size_t bytes, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(step, (std::max(bytes, std::size_t{1}) + step - 1) / step * step));
}

}  // namespace

void* operator new(std::size_t bytes) { return plain(bytes); }
void* operator new[](std::size_t bytes) { return plain(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return aligned(bytes, alignment); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return aligned(bytes, alignment); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return plain(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return plain(bytes); }
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

// The allocator rounds large blocks up to pages; and objects of a few words.
constexpr std::size_t kSlack = 10 * 4096;

template <SliceFilter Filter>
void check_scratch(const Filter& filter, SliceShape shape) {
    std::vector<float> pixels(static_cast<std::size_t>(shape.count()), 0.5F), output(pixels.size());
    const SliceSpec spec{shape, DType::f32};
    const std::size_t declared = filter.plan(spec, DType::f32).scratch_bytes;
    const std::size_t before = held_bytes;
    peak_bytes = held_bytes;
    {
        const auto kernel = filter.prepare(spec, DType::f32);
        kernel->apply(contiguous_slice(reinterpret_cast<std::byte*>(pixels.data()), DType::f32, shape),
                      contiguous_slice(reinterpret_cast<std::byte*>(output.data()), DType::f32, shape));
    }
    const std::size_t used = peak_bytes - before;
    INFO("shape " << to_string(shape) << ": " << used << " bytes used, " << declared << " declared");
    CHECK(used <= declared + kSlack);
    CHECK(declared <= 2 * used + kSlack);
}

TEST_CASE("fresnel keeps to the scratch memory its plan declares", "[filters][fresnel][memory]") {
    for (const SliceShape shape : {SliceShape{1, 1}, SliceShape{40, 37}, SliceShape{5, 724}, SliceShape{3, 1800},
                                   SliceShape{4, 2048}, SliceShape{200, 211}})
        for (const int pad : {0, 150}) {
            std::vector<double> window(static_cast<std::size_t>(shape.count()), 2.0);
            const Slice view = contiguous_slice(reinterpret_cast<std::byte*>(window.data()), DType::f64, shape);
            for (const int dim : {1, 2}) {
                check_scratch(filters::fresnel({.dim = dim, .pad = pad}), shape);
                check_scratch(filters::fresnel({.dim = dim, .pad = pad, .window = view}), shape);
            }
        }
}

TEST_CASE("a chain keeps to the scratch memory its plan declares", "[filters][chain][memory]") {
    const filters::Fresnel one = filters::fresnel({.pad = 20});
    check_scratch(chain(one, filters::fresnel({.dim = 2, .pad = 3}), one), {90, 101});
}

}  // namespace
}  // namespace slicepool
