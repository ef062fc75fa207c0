// slice_arguments.hpp: inputs(...) and outputs(...): which volumes a function gets its slices from, and how.
// Nothing is checked here that needs more than types; see process_slices.hpp for what is.
#pragma once

#include <slicepool/core/filter.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/slice_stack.hpp>
#include <slicepool/core/stack_function.hpp>
#include <slicepool/memory/table.hpp>
#include <slicepool/memory/volume.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace slicepool {

/// Inputs, and outputs, of one run at most.
inline constexpr std::size_t kMostVolumes = 8;

struct SliceInput {
    enum class Part : std::uint8_t {
        slice,            ///< the slice at hand, of the same shape in all inputs
        slice_any_shape,  ///< the slice at hand, of whatever shape
        image,            ///< one image for every slice, of the slices' shape
        whole,            ///< all slices, every time
    };
    AnyVolume volume;
    Part part = Part::slice;
};

struct SliceOutput {
    AnyVolume volume;
    bool is_table = false;  ///< rows of a Table, one per slice of the selection
};

/// A request without types: a filter between one input and one output, or a function between several. Borrowed.
struct SliceRequest {
    std::span<const SliceInput> inputs;
    std::span<const SliceOutput> outputs;
    FilterRef filter;           ///< used when there is no function
    StackFunctionRef function;  ///< knows the pixel types
    std::optional<Blocks> blocks;
};

namespace detail {

// How an argument of the function is made of a stack: in process_slices, and in process_blocks.
template <PixelType T>
struct SliceArgument {
    static SliceView<const T> of_slice(const ConstStack& stack) { return stack[0].template as<T>(); }
    static SliceStack<const T> of_block(const ConstStack& stack) { return SliceStack<const T>(stack); }
};
template <PixelType T>
struct ImageArgument {
    static SliceView<const T> of_slice(const ConstStack& stack) { return stack[0].template as<T>(); }
    static SliceView<const T> of_block(const ConstStack& stack) { return stack[0].template as<T>(); }
};
template <PixelType T>
struct WholeArgument {
    static SliceStack<const T> of_slice(const ConstStack& stack) { return SliceStack<const T>(stack); }
    static SliceStack<const T> of_block(const ConstStack& stack) { return SliceStack<const T>(stack); }
};
template <PixelType T>
struct OutputArgument {
    static SliceView<T> of_slice(const Stack& stack) { return stack[0].template as<T>(); }
    static SliceStack<T> of_block(const Stack& stack) { return SliceStack<T>(stack); }
};
template <TableRow Row>
struct RowArgument {
    static Row& of_slice(const Stack& stack) { return *reinterpret_cast<Row*>(stack[0].data); }
    static std::span<Row> of_block(const Stack& stack) {
        return {reinterpret_cast<Row*>(stack[0].data), static_cast<std::size_t>(stack.size)};
    }
};

template <class Argument>
struct InputAs {
    SliceInput input;
};
template <PixelType T>
InputAs<SliceArgument<T>> as_input(const Volume<T>& volume) {
    return {{volume.any(), SliceInput::Part::slice}};
}
template <class Argument>
InputAs<Argument> as_input(const InputAs<Argument>& input) {
    return input;
}

template <class Argument>
struct OutputAs {
    SliceOutput output;
};
template <PixelType T>
OutputAs<OutputArgument<T>> as_output(const Volume<T>& volume) {
    return {{volume.any(), false}};
}
template <TableRow Row>
OutputAs<RowArgument<Row>> as_output(const Table<Row>& table) {
    return {{table.any(), true}};
}

}  // namespace detail

/// The same image for every slice: a volume with one slice along the run's axis, or along any other. The function gets
/// a SliceView<const T> of it; it must have the shape of the slices of the other inputs.
template <PixelType T>
[[nodiscard]] detail::InputAs<detail::ImageArgument<T>> broadcast(const Volume<T>& image) {
    return {{image.any(), SliceInput::Part::image}};
}

/// The whole volume for every slice, of any shape. The function gets a SliceStack<const T> of its slices along the run's
/// axis: volume[i], 0 <= i < volume.size().
template <PixelType T>
[[nodiscard]] detail::InputAs<detail::WholeArgument<T>> whole(const Volume<T>& volume) {
    return {{volume.any(), SliceInput::Part::whole}};
}

/// Sliced like the others, but its slices may have another shape: an angle for every projection, say.
template <PixelType T>
[[nodiscard]] detail::InputAs<detail::SliceArgument<T>> any_shape(const Volume<T>& volume) {
    return {{volume.any(), SliceInput::Part::slice_any_shape}};
}

/// The inputs of a run, in the order of the function's arguments. Made by inputs(...).
template <class... Arguments>
struct Inputs {
    std::array<SliceInput, sizeof...(Arguments)> list;
};

/// The outputs of a run, in the order of the function's arguments after the inputs. Made by outputs(...).
template <class... Arguments>
struct Outputs {
    std::array<SliceOutput, sizeof...(Arguments)> list;
};

/// Each argument is a Volume<T>, of which the function gets the slice at hand, or what broadcast(), whole() or
/// any_shape() make of one. Handles are copied, pixels are not.
template <class... Volumes>
[[nodiscard]] auto inputs(const Volumes&... volumes) {
    static_assert((requires { detail::as_input(volumes); } && ...),
                  "an input is a Volume<T>, or broadcast(), whole() or any_shape() of one; give an AnyVolume its pixel "
                  "type: Volume<float>(any)");
    static_assert(sizeof...(Volumes) <= kMostVolumes, "at most 8 inputs");
    return []<class... Arguments>(const detail::InputAs<Arguments>&... typed) {
        return Inputs<Arguments...>{{typed.input...}};
    }(detail::as_input(volumes)...);
}

/// Each argument is a Volume<T>, of which the function writes the slice at hand, or a Table<Row>, of which it writes the
/// row of that slice.
template <class... Volumes>
[[nodiscard]] auto outputs(const Volumes&... volumes) {
    static_assert((requires { detail::as_output(volumes); } && ...),
                  "an output is a Volume<T> or a Table<Row>; give an AnyVolume its pixel type: Volume<float>(any)");
    static_assert(sizeof...(Volumes) >= 1 && sizeof...(Volumes) <= kMostVolumes, "1 to 8 outputs");
    return []<class... Arguments>(const detail::OutputAs<Arguments>&... typed) {
        return Outputs<Arguments...>{{typed.output...}};
    }(detail::as_output(volumes)...);
}

}  // namespace slicepool
