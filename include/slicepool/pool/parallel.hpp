// parallel.hpp: joblib's Parallel(n_jobs)(delayed(f)(i, j) for i in ... for j in ...): ordered results of nested loops.
// Functions of slices are process_slices.hpp's; results one by one as they come are result_stream.hpp's.
#pragma once

#include <slicepool/pool/item_calls.hpp>
#include <slicepool/pool/run_calls.hpp>

#include <slicepool/core/call.hpp>
#include <slicepool/core/items.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace slicepool {

/// What came of a parallel loop: every result that there is, and why there is none for the others.
template <class R>
struct Results {
    std::vector<std::optional<R>> values;  ///< by position in the loop
    Report report;
};

namespace detail {

/// run_calls, for whoever passes calls of any type.
struct RunOnce {
    template <Callable C>
    Report operator()(const C& calls, std::int64_t count, CallSink& sink, const Options& options) const {
        return run_calls(CallRef(calls), count, sink, options);
    }
};

/// `run(calls, count, sink, options)` is run_calls, or does the same on a pool. For void: the report.
template <class Run, class Calls>
auto collect(Run&& run, const Calls& calls, const Options& options) {
    using R = typename Calls::Result;
    const std::int64_t count = calls.count();
    Collector<R> sink(count);
    Report report = run(calls, count, sink, options);
    if constexpr (std::is_void_v<R>)
        return report;
    else
        return Results<R>{std::move(sink.values()), std::move(report)};
}

/// The results alone: throws when one is missing.
template <class R>
[[nodiscard]] std::vector<R> values_or_throw(Results<R>&& results) {
    results.report.require_ok();
    std::vector<R> values;
    values.reserve(results.values.size());
    for (std::optional<R>& value : results.values) values.push_back(std::move(*value));
    return values;
}
inline Report values_or_throw(Report&& report) {
    report.require_ok();
    return std::move(report);
}

template <class Run, class Function, class I, class T, class Combine>
[[nodiscard]] T reduce(Run&& run, Function&& function, I&& items, T init, Combine& combine, const Options& options) {
    const auto folds = folds_on(std::forward<Function>(function), std::forward<I>(items), combine);
    for (auto& value : values_or_throw(collect(run, folds, options)))
        init = std::invoke(combine, std::move(init), std::move(value));
    return init;
}

}  // namespace detail

/// A function that parallel loops can call on items of I, with or without a state.
template <class Function, class I>
concept CallableOnItems = Items<I> && CallableOn < const detail::Worker<std::remove_cvref_t<Function>>
&, ItemOf < I >> ;

/// As parallel below, but failures are values: each result that there is, by position, and the report; for void the
/// report. Throws only before the first call.
template <class Function, Items I>
    requires CallableOnItems<Function, I>
auto try_parallel(Function&& function, I&& items, const Options& options = {}) {
    return detail::collect(detail::RunOnce{},
                           detail::calls_on(std::forward<Function>(function), std::forward<I>(items)), options);
}

/// Calls `function` on every item and returns the results in the order of the items, whatever order they were done in:
///
///     parallel([](int i, int j) { return std::pair{i, j}; }, product(range(0, 2), range(2, 4)), {.n_jobs = 4})
///         -> {(0, 2), (0, 3), (1, 2), (1, 3)}
///
/// function  called with the item or, for a tuple (as from product), its elements; concurrently, on different items. It may
///           capture anything, also by reference: worker processes are forked after it exists, and what it changes there
///           stays there (Volumes they see read-only). With with_state() it has a state of its own in each worker.
/// items     range(), product(), std::vector, any sized random-access range. What has a name is borrowed for the call.
/// returns   a std::vector of what the function returns, by value: whatever has a Shipment. For void: the report.
/// options   those that speak of slices hold for calls; axis, slice range, fill, non_finite and guard_output do not
///           apply. Calls are dealt out in chunks (Options::chunk).
///
/// Throws InvalidArgument or SystemError before the first call; when all calls are settled SliceError for the failure of
/// lowest index, Interrupted when the stop token ended the loop first, Error when it was given up. try_parallel keeps
/// what was finished. Safe from many threads.
template <class Function, Items I>
    requires CallableOnItems<Function, I>
auto parallel(Function&& function, I&& items, const Options& options = {}) {
    return detail::values_or_throw(try_parallel(std::forward<Function>(function), std::forward<I>(items), options));
}

/// Nested loops in one go: parallel(function, product(first, second, more...)).
template <class Function, Items First, Items Second, Items... More>
auto parallel(Function&& function, First&& first, Second&& second, More&&... more) {
    return parallel(std::forward<Function>(function),
                    product(std::forward<First>(first), std::forward<Second>(second), std::forward<More>(more)...));
}

/// Folds the results r0, r1 ... of `function` on the items: combine(... combine(combine(init, r0), r1) ..., rn). The same
/// bits on every backend and for any number of workers: up to 1024 items are combined strictly from left to right; of
/// more, runs of ceil(n / 1024) neighbours are combined by the workers, from left to right, and then the runs are. So
/// `combine` has to be associative in the mathematical sense; a floating-point sum may be grouped otherwise than in a
/// plain loop, but is always grouped alike.
///
/// combine   T(T, R) and, for more than 1024 items, R(R, R) too.
/// Throws as parallel; the index of a failure is that of the run of items, and its text names the item.
template <class Function, Items I, class T, class Combine>
    requires CallableOnItems<Function, I>
[[nodiscard]] T parallel_reduce(Function&& function, I&& items, T init, Combine combine, const Options& options = {}) {
    return detail::reduce(detail::RunOnce{}, std::forward<Function>(function), std::forward<I>(items), std::move(init),
                          combine, options);
}

}  // namespace slicepool
