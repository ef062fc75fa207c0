// slice_stack.hpp: neighbouring slices of a volume: those of a block, and the halo around it.
// Views own nothing: they are valid while the volume or buffer behind them lives.
#pragma once

#include <slicepool/core/beyond.hpp>
#include <slicepool/core/dtype.hpp>
#include <slicepool/core/slice.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace slicepool {

/// Blocks of neighbouring slices, computed in one call each: for filters that look across slices.
struct Blocks {
    std::int64_t size = 1;  ///< slices of a block; the last block of a run may be smaller
    std::int64_t halo = 0;  ///< slices seen before and after the block, but not written
    Beyond beyond = Beyond::reflect;
};

/// Slices without their pixel type. Slice 0 is the first of the block; before it lie `before`, after the block `after`.
template <class Byte>
struct BasicStack {
    BasicSlice<Byte> origin;  ///< slice 0 of the `extent` slices that there are in memory
    std::int64_t stride = 0;  ///< bytes from one to the next
    std::int64_t extent = 1;  ///< beyond them `beyond` holds
    std::int64_t first = 0;   ///< where among them the block begins
    std::int64_t size = 1;    ///< slices of the block
    std::int64_t before = 0;  ///< of the halo
    std::int64_t after = 0;
    Beyond beyond = Beyond::clip;

    /// -before <= number < size + after; not checked.
    [[nodiscard]] BasicSlice<Byte> operator[](std::int64_t number) const noexcept {
        BasicSlice<Byte> slice = origin;
        slice.data += index_within(first + number, extent, beyond) * stride;
        return slice;
    }
};

using Stack = BasicStack<std::byte>;
using ConstStack = BasicStack<const std::byte>;

/// A block of slices with its halo; T may be const. stack[0] ... stack[size() - 1] are the block's slices, stack[-1] is
/// the one before it, stack[size()] the one after it. The same pixels may be seen more than once in a halo.
template <class T>
class SliceStack {
    using Pixel = std::remove_const_t<T>;
    using Untyped = BasicStack<std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>>;

public:
    /// T must be the type behind the stack's dtype (the caller has checked).
    explicit SliceStack(const Untyped& stack) noexcept : stack_(stack) {}

    /// Slices of the block.
    [[nodiscard]] std::int64_t size() const noexcept { return stack_.size; }
    /// Slices of the halo: of Blocks::halo each, fewer at the ends of the volume with Beyond::clip, 0 in outputs.
    [[nodiscard]] std::int64_t before() const noexcept { return stack_.before; }
    [[nodiscard]] std::int64_t after() const noexcept { return stack_.after; }
    /// -before() <= number < size() + after(); not checked.
    [[nodiscard]] SliceView<T> operator[](std::int64_t number) const noexcept {
        return stack_[number].template as<Pixel>();
    }

private:
    Untyped stack_;
};

}  // namespace slicepool
