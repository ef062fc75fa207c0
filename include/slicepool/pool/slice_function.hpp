// slice_function.hpp: makes a filter of any callable that takes one slice and writes another.
// It adds no behaviour; ready-made filters are in slicepool/filters/.
#pragma once

#include <slicepool/core/error.hpp>
#include <slicepool/core/filter.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <utility>

namespace slicepool {

/// A callable `function(SliceView<const T> input, SliceView<U> output)`, called concurrently on different slices.
template <class Function, class T, class U>
concept SliceCallable =
    PixelType<T> && PixelType<U> && std::invocable<const Function&, SliceView<const T>, SliceView<U>>;

/// The filter that calls `function`; it writes slices of whatever shape the output volume has. Trivially copyable when
/// the function is.
template <class Function, PixelType T, PixelType U>
    requires SliceCallable<Function, T, U>
class SliceFunction {
public:
    SliceFunction(Function function, SliceShape output) : function_(std::move(function)), output_(output) {}

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const {
        if (input.dtype != dtype_of<T> || wish != dtype_of<U>)
            throw InvalidArgument("the function takes " + std::string(name_of(dtype_of<T>)) + " slices and writes " +
                                  std::string(name_of(dtype_of<U>)));
        return {.output = {output_, wish}, .scratch_bytes = 0, .in_place = false};
    }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec&, DType) const {
        return std::make_unique<Kernel>(function_);
    }

private:
    class Kernel final : public SliceKernel {
    public:
        explicit Kernel(const Function& function) : function_(function) {}
        void apply(const ConstSlice& input, const Slice& output) override { function_(input.as<T>(), output.as<U>()); }

    private:
        const Function& function_;
    };

    Function function_;
    SliceShape output_;
};

}  // namespace slicepool
