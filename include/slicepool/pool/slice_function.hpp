// slice_function.hpp: calls a function of typed slices with the untyped ones a worker has.
// It adds no behaviour; ready-made filters are in slicepool/filters/.
#pragma once

#include <slicepool/pool/slice_arguments.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace slicepool {

/// A callable `function(SliceView<const T> input, SliceView<U> output)`, called concurrently on different slices.
template <class Function, class T, class U>
concept SliceCallable =
    PixelType<T> && PixelType<U> && std::invocable<const Function&, SliceView<const T>, SliceView<U>>;

/// What the function is called with: one slice of each volume, or a block of them.
enum class SliceForm : bool { slices, blocks };

namespace detail {

template <SliceForm form, class Argument, class AnyStack>
decltype(auto) argument_of(const AnyStack& stack) {
    if constexpr (form == SliceForm::slices)
        return Argument::of_slice(stack);
    else
        return Argument::of_block(stack);
}

}  // namespace detail

/// The function on stacks that calls `function`. Trivially copyable when the function is.
template <SliceForm form, class Function, class Inputs, class Outputs>
class SliceFunction;

template <SliceForm form, class Function, class... In, class... Out>
class SliceFunction<form, Function, Inputs<In...>, Outputs<Out...>> {
public:
    static_assert(
        std::is_invocable_v<const Function&, decltype(detail::argument_of<form, In>(std::declval<ConstStack>()))...,
                            decltype(detail::argument_of<form, Out>(std::declval<Stack>()))...>,
        "the function is called with the inputs in order, then the outputs: in process_slices SliceView<const T> for "
        "an "
        "input, SliceView<T> for an output and Row& for a table; in process_blocks SliceStack<const T>, SliceStack<T> "
        "and std::span<Row>; for broadcast() SliceView<const T> and for whole() SliceStack<const T> in both. It must "
        "be "
        "callable when const");

    explicit SliceFunction(Function function) : function_(std::move(function)) {}

    void operator()(std::span<const ConstStack> inputs, std::span<const Stack> outputs) const {
        call(inputs, outputs, std::index_sequence_for<In...>(), std::index_sequence_for<Out...>());
    }

private:
    template <std::size_t... i, std::size_t... o>
    void call([[maybe_unused]] std::span<const ConstStack> inputs, std::span<const Stack> outputs,
              std::index_sequence<i...>, std::index_sequence<o...>) const {
        function_(detail::argument_of<form, In>(inputs[i])..., detail::argument_of<form, Out>(outputs[o])...);
    }

    Function function_;
};

}  // namespace slicepool
