// process_slices.hpp: runs a filter or any callable over the slices of one or several volumes, in one call.
// For many calls in a row, a Pool keeps its workers; see pool.hpp.
#pragma once

#include <slicepool/pool/slice_arguments.hpp>
#include <slicepool/pool/slice_function.hpp>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>
#include <slicepool/memory/volume.hpp>

#include <type_traits>
#include <utility>

namespace slicepool {

/// Applies `filter` to every slice of `input` along options.axis and writes the results to the same places of `output`.
///
/// input    (z, y, x), any of the six pixel types, any strides; read-only in worker processes.
/// output   (z, y, x), as many slices as the input, each of the shape the filter announces; written in place. Slices that
///          could not be completed hold options.fill; slices outside the selection stay as they are.
/// filter   borrowed for the call; it may capture anything, also by reference: worker processes are forked after it
///          exists. What it writes there stays in the worker; only the output volume comes back.
///
/// Returns when every slice is settled. Pixels are the same bits on every backend and for any number of workers.
/// Throws InvalidArgument or SystemError before any slice runs when the request cannot be served; what happens to slices
/// and workers afterwards is in the report. Safe from several threads on different outputs.
Report process_slices(const AnyVolume& input, const AnyVolume& output, const FilterRef& filter,
                      const Options& options = {});

template <SliceFilter F>
Report process_slices(const AnyVolume& input, const AnyVolume& output, const F& filter, const Options& options = {}) {
    return process_slices(input, output, FilterRef(filter), options);
}

/// What the templates here come down to. Throws and returns as above.
Report process_slices(const SliceRequest& request, const Options& options = {});

/// The same for a function of several volumes:
///
///   process_slices(inputs(projections, broadcast(flat), broadcast(dark)), outputs(corrected, means),
///                  [](SliceView<const std::uint16_t> projection, SliceView<const float> flat, SliceView<const float> dark,
///                     SliceView<float> corrected, double& mean) { ... });
///
/// inputs    0 to 8. Volumes are sliced alike: as many slices, of the same shape (but see any_shape); broadcast and whole
///           ones are the same for every slice. Pixel types may differ; read-only in worker processes.
/// outputs   1 to 8. Volumes have as many slices as the inputs, of any shape, and share no pixels with an input or another
///           output. A Table has as many rows as the selection has slices: row p belongs to slice
///           first_slice + p * slice_step. The function finds its row as if it were missing.
/// function  called concurrently on different slices, once for each, with all of them.
///
/// All outputs of a slice are completed, or none: those of a slice that was not hold options.fill, the rows of tables what
/// the table's maker chose for missing ones (NaN). After a crash the slice is tried again and all its outputs are written
/// anew. Fill::copy_input needs one output volume, and an input 0 whose slices have its shape. NonFinite::fail looks at
/// every floating output volume, not at tables. Errors count inputs and outputs from 0.
template <class... In, class... Out, class Function>
Report process_slices(const Inputs<In...>& inputs, const Outputs<Out...>& outputs, Function&& function,
                      const Options& options = {}) {
    const SliceFunction<SliceForm::slices, std::remove_cvref_t<Function>, Inputs<In...>, Outputs<Out...>> typed(
        std::forward<Function>(function));
    return process_slices(SliceRequest{.inputs = inputs.list,
                                       .outputs = outputs.list,
                                       .filter = {},
                                       .function = StackFunctionRef(typed),
                                       .blocks = {}},
                          options);
}

/// The same for a callable `function(SliceView<const T> input, SliceView<U> output)`.
template <PixelType T, PixelType U, class Function>
    requires SliceCallable<std::remove_cvref_t<Function>, T, U> Report process_slices(const Volume<T>& input,
                                                                                      const Volume<U>& output,
                                                                                      Function&& function,
                                                                                      const Options& options = {}) {
        return process_slices(inputs(input), outputs(output), std::forward<Function>(function), options);
    }

/// The same for filters that look across slices: the function gets blocks.size neighbouring slices at once, with
/// blocks.halo more on either side of every sliced input, and writes blocks.size slices of every output.
///
///   process_blocks(inputs(volume), outputs(smooth),
///                  [](SliceStack<const float> in, SliceStack<float> out) {
///                      for (std::int64_t i = 0; i < out.size(); ++i) out[i] = (in[i - 1] + in[i] + in[i + 1]) / 3;
///                  },
///                  {.size = 16, .halo = 1});
///
/// The selection is cut into blocks from its first slice on; the last may be smaller. With slice_step > 1 blocks have one
/// slice. A halo is of the volume, not of the selection: it reaches outside it, and beyond the volume's ends it is what
/// blocks.beyond says. What happens to one slice of a block happens to all: a crash, an exception or a time limit costs
/// that block, and the report says so for each of its slices (`seconds` is the block's). current_slice() is the first.
/// Where slices lie side by side in memory (axis 2), blocks of a multiple of 16 slices are fastest.
template <class... In, class... Out, class Function>
Report process_blocks(const Inputs<In...>& inputs, const Outputs<Out...>& outputs, Function&& function,
                      const Blocks& blocks, const Options& options = {}) {
    const SliceFunction<SliceForm::blocks, std::remove_cvref_t<Function>, Inputs<In...>, Outputs<Out...>> typed(
        std::forward<Function>(function));
    return process_slices(SliceRequest{.inputs = inputs.list,
                                       .outputs = outputs.list,
                                       .filter = {},
                                       .function = StackFunctionRef(typed),
                                       .blocks = blocks},
                          options);
}

}  // namespace slicepool
