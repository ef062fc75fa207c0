// pool.hpp: workers kept between calls: warm processes or threads, warm page tables.
// What it takes to ship a function to processes that exist already is checked here at compile time.
#pragma once

#include <slicepool/pool/parallel.hpp>
#include <slicepool/pool/result_stream.hpp>
#include <slicepool/pool/slice_arguments.hpp>
#include <slicepool/pool/slice_function.hpp>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>
#include <slicepool/memory/volume.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace slicepool {

struct PoolOptions {
    std::optional<int> n_jobs;                     ///< see Options::n_jobs
    std::optional<Backend> backend;                ///< see Options::backend
    std::optional<std::size_t> memory_per_worker;  ///< see Options::memory_per_worker; of the moment the pool is made
    std::optional<int> inner_threads;              ///< see Options::inner_threads
    Placement placement = Placement::none;         ///< see Options::placement
};

/// A crew of workers. With Backend::processes the constructor forks a template process and the workers from it; open
/// descriptors and memory of that moment are inherited. Calls from several threads are carried out one after the other.
/// The destructor ends all workers.
class Pool {
public:
    /// Throws InvalidArgument for n_jobs 0, SystemError when not one worker can be had.
    explicit Pool(const PoolOptions& options = {});
    ~Pool();
    Pool(Pool&&) noexcept;
    Pool& operator=(Pool&&) noexcept;

    /// As slicepool::process_slices, on this pool's workers; options.n_jobs and options.backend must be left unset.
    ///
    /// The filter travels as the address of its code and its bytes: it must be trivially copyable, at most 4096 bytes, and
    /// its code must have been loaded when the pool was made (InvalidArgument otherwise). What it points to must lie in a
    /// Volume, or be older than the pool and unchanged since: a worker process does not see the caller's later memory, so
    /// capture by value, never by reference.
    template <SliceFilter F>
    Report process_slices(const AnyVolume& input, const AnyVolume& output, const F& filter,
                          const Options& options = {}) {
        const SliceInput from{input};
        const SliceOutput to{output};
        return run(
            {.inputs = {&from, 1}, .outputs = {&to, 1}, .filter = FilterRef(filter), .function = {}, .blocks = {}},
            bytes_of(filter), options);
    }

    /// The same for a function of several volumes, and for one of blocks of slices.
    template <class... In, class... Out, class Function>
    Report process_slices(const Inputs<In...>& inputs, const Outputs<Out...>& outputs, Function&& function,
                          const Options& options = {}) {
        return run_function<SliceForm::slices>(inputs, outputs, std::forward<Function>(function), {}, options);
    }
    template <class... In, class... Out, class Function>
    Report process_blocks(const Inputs<In...>& inputs, const Outputs<Out...>& outputs, Function&& function,
                          const Blocks& blocks, const Options& options = {}) {
        return run_function<SliceForm::blocks>(inputs, outputs, std::forward<Function>(function), blocks, options);
    }

    /// The same for a callable `function(SliceView<const T> input, SliceView<U> output)`.
    template <PixelType T, PixelType U, class Function>
        requires SliceCallable<std::remove_cvref_t<Function>, T, U> Report process_slices(const Volume<T>& input,
                                                                                          const Volume<U>& output,
                                                                                          Function&& function,
                                                                                          const Options& options = {}) {
            return process_slices(inputs(input), outputs(output), std::forward<Function>(function), options);
        }

    /// As slicepool::run_calls, on this pool's workers, under the conditions of process_slices.
    template <Callable C>
    Report run_calls(const C& calls, std::int64_t count, CallSink& sink, const Options& options = {}) {
        static_assert(
            std::is_trivially_copyable_v<C>,
            "a Pool's workers exist before this function: only its bytes can be sent, so it must be trivially "
            "copyable. Capture plain values instead of strings and vectors, or call the free function "
            "slicepool::parallel, whose workers are forked after the function exists.");
        static_assert(sizeof(C) <= kLargestFilter, "at most 4096 bytes of captures fit: put larger data in a Volume");
        return run(CallRef(calls), count, sink, std::as_bytes(std::span(&calls, 1)), options);
    }

    /// As slicepool::try_parallel, parallel and parallel_reduce, on this pool's workers. The function is subject to the
    /// conditions of process_slices; the items are computed (range, product, std::views::iota) or a std::array that is
    /// moved in: the workers do not have containers that are younger than they.
    template <class Function, Items I>
        requires CallableOnItems<Function, I>
    auto try_parallel(Function&& function, I&& items, const Options& options = {}) {
        return detail::collect(runner(), detail::calls_on(std::forward<Function>(function), std::forward<I>(items)),
                               options);
    }
    template <class Function, Items I>
        requires CallableOnItems<Function, I>
    auto parallel(Function&& function, I&& items, const Options& options = {}) {
        return detail::values_or_throw(try_parallel(std::forward<Function>(function), std::forward<I>(items), options));
    }
    template <class Function, Items I, class T, class Combine>
        requires CallableOnItems<Function, I>
    [[nodiscard]] T parallel_reduce(Function&& function, I&& items, T init, Combine combine,
                                    const Options& options = {}) {
        return detail::reduce(runner(), std::forward<Function>(function), std::forward<I>(items), std::move(init),
                              combine, options);
    }

    /// As slicepool::parallel_ordered and parallel_unordered, under the same conditions. The pool must not move, and
    /// belongs to the stream until that has ended: another call waits.
    template <class Function, Items I>
        requires CallableOnItems<Function, I>
    [[nodiscard]] auto parallel_ordered(Function function, I&& items, const Options& options = {}) {
        return detail::stream(runner(), std::move(function), std::forward<I>(items), detail::Order::of_items, options);
    }
    template <class Function, Items I>
        requires CallableOnItems<Function, I>
    [[nodiscard]] auto parallel_unordered(Function function, I&& items, const Options& options = {}) {
        return detail::stream(runner(), std::move(function), std::forward<I>(items), detail::Order::of_completion,
                              options);
    }

    [[nodiscard]] int worker_count() const noexcept;
    [[nodiscard]] Backend backend() const noexcept;

private:
    static constexpr std::size_t kLargestFilter = 4096;
    template <class Code>
    static std::span<const std::byte> bytes_of(const Code& code) {
        static_assert(
            std::is_trivially_copyable_v<Code>,
            "a Pool's workers exist before this filter: only its bytes can be sent, so it must be trivially "
            "copyable. Capture plain values and pointers into Volumes instead of strings and vectors, or call "
            "the free function slicepool::process_slices, whose workers are forked after the filter exists.");
        static_assert(sizeof(Code) <= kLargestFilter,
                      "at most 4096 bytes of captures fit: put larger data in a Volume");
        return std::as_bytes(std::span(&code, 1));
    }
    template <SliceForm form, class In, class Out, class Function>
    Report run_function(const In& inputs, const Out& outputs, Function&& function, std::optional<Blocks> blocks,
                        const Options& options) {
        const SliceFunction<form, std::remove_cvref_t<Function>, In, Out> typed(std::forward<Function>(function));
        return run({.inputs = inputs.list,
                    .outputs = outputs.list,
                    .filter = {},
                    .function = StackFunctionRef(typed),
                    .blocks = blocks},
                   bytes_of(typed), options);
    }
    Report run(const SliceRequest& request, std::span<const std::byte> captures, const Options& options);
    Report run(const CallRef& calls, std::int64_t count, CallSink& sink, std::span<const std::byte> captures,
               const Options& options);
    /// run_calls for the templates of parallel loops.
    struct Runner {
        Pool* pool;
        template <class C>
        Report operator()(const C& calls, std::int64_t count, CallSink& sink, const Options& options) const {
            static_assert(C::kSelfContained,
                          "a Pool's workers exist before these items: they must be computed from an index (range, "
                          "product, std::views::iota) or be a std::array that is moved in. Put larger data in a Volume "
                          "and loop over its indices, or call the free function slicepool::parallel.");
            return pool->run_calls(calls, count, sink, options);
        }
    };
    [[nodiscard]] Runner runner() noexcept { return {this}; }
    void check(const Options& options, const void* code) const;

    class State;
    std::unique_ptr<State> state_;
};

}  // namespace slicepool
