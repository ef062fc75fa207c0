// stack_function.hpp: a borrowed function from slices of several volumes to slices of several others.
// Pixel types and what each volume means are settled before it is made; see pool/slice_function.hpp.
#pragma once

#include <slicepool/core/slice_stack.hpp>

#include <span>

namespace slicepool {

/// The address of a callable `function(std::span<const ConstStack> inputs, std::span<const Stack> outputs)` and of the
/// code that calls it, the same in every forked worker. Called concurrently, on different slices.
class StackFunctionRef {
public:
    using Code = void (*)(const void*, std::span<const ConstStack>, std::span<const Stack>);

    StackFunctionRef() = default;
    StackFunctionRef(const void* object, Code caller) noexcept : object_(object), code_(caller) {}
    template <class Function>
    explicit StackFunctionRef(const Function& function) noexcept
        : StackFunctionRef(&function,
                           [](const void* object, std::span<const ConstStack> inputs, std::span<const Stack> outputs) {
                               (*static_cast<const Function*>(object))(inputs, outputs);
                           }) {}

    void operator()(std::span<const ConstStack> inputs, std::span<const Stack> outputs) const {
        code_(object_, inputs, outputs);
    }
    [[nodiscard]] explicit operator bool() const noexcept { return code_ != nullptr; }
    [[nodiscard]] Code code() const noexcept { return code_; }

private:
    const void* object_ = nullptr;
    Code code_ = nullptr;
};

}  // namespace slicepool
