// process_slices.hpp: runs a filter or any callable over the slices of a volume, in one call.
// For many calls in a row, a Pool keeps its workers; see pool.hpp.
#pragma once

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

/// The same for a callable `function(SliceView<const T> input, SliceView<U> output)`.
template <PixelType T, PixelType U, class Function>
    requires SliceCallable<std::remove_cvref_t<Function>, T, U> Report process_slices(const Volume<T>& input,
                                                                                      const Volume<U>& output,
                                                                                      Function&& function,
                                                                                      const Options& options = {}) {
        const SliceFunction<std::remove_cvref_t<Function>, T, U> filter(
            std::forward<Function>(function), slice_shape(output.shape(), normalise_axis(options.axis)));
        return process_slices(input.any(), output.any(), FilterRef(filter), options);
    }

}  // namespace slicepool
