// item_calls.hpp: a function and the items it is called on, as numbered calls; and the taking of their results.
// What runs them is parallel.hpp and result_stream.hpp.
#pragma once

#include <slicepool/core/call.hpp>
#include <slicepool/core/error.hpp>
#include <slicepool/core/items.hpp>
#include <slicepool/core/shipment.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace slicepool {

/// A function that is given, before the item, what `init()` made for this worker: plans, tables, a handle. Each worker
/// makes its own at its first item of a run, and destroys it when it leaves the run; no two threads or processes share
/// it. The same holds for functions of slices.
template <class Init, class Function>
struct WithState {
    Init init;
    Function function;
};

/// parallel(with_state([] { return Plan(2048); }, [](Plan& plan, int row) { ... }), range(100)). An exception of `init`
/// fails the item that was to come, and the next one tries again.
template <std::invocable Init, class Function>
[[nodiscard]] WithState<Init, Function> with_state(Init init, Function function) {
    return {std::move(init), std::move(function)};
}

namespace detail {

/// Items that mean the same in a process that exists already: computed, or held by value.
template <class I>
inline constexpr bool is_self_contained = false;
template <class T>
inline constexpr bool is_self_contained<Range<T>> = true;
template <class T, class Bound>
inline constexpr bool is_self_contained<std::ranges::iota_view<T, Bound>> = true;
template <class T, std::size_t N>
inline constexpr bool is_self_contained<std::array<T, N>> = std::is_trivially_copyable_v<T>;
template <class... Parts>
inline constexpr bool is_self_contained<Product<Parts...>> = (is_self_contained<Parts> && ...);

/// A worker's way to a function: directly, or with the worker's state.
template <class Function>
class Worker {
public:
    explicit Worker(const Function& function) noexcept : function_(function) {}
    template <class... Arguments>
    decltype(auto) operator()(Arguments&&... arguments) const requires std::invocable<const Function&, Arguments...> {
        return std::invoke(function_, std::forward<Arguments>(arguments)...);
    }

private:
    const Function& function_;
};

template <class Init, class Function>
class Worker<WithState<Init, Function>> {
    using State = std::remove_cvref_t<std::invoke_result_t<const Init&>>;

public:
    explicit Worker(const WithState<Init, Function>& parts)
        : function_(parts.function), state_(new State(std::invoke(parts.init))) {}  // it may be one that cannot move
    template <class... Arguments>
    decltype(auto) operator()(
        Arguments&&... arguments) const requires std::invocable<const Function&, State&, Arguments...> {
        return std::invoke(function_, *state_, std::forward<Arguments>(arguments)...);
    }

private:
    const Function& function_;
    std::unique_ptr<State> state_;
};

/// What a call returns, by value.
template <class Function, class I>
using ResultOfCall = std::remove_cvref_t<ResultOn<const Worker<Function>&, ItemOf<I>>>;

/// Function on items. Trivially copyable when both are, so that a pool can ship it to its workers.
template <class Function, class I>
class ItemCalls {
public:
    static constexpr bool kSelfContained = is_self_contained<I>;
    using Result = ResultOfCall<Function, I>;
    static_assert(
        std::is_void_v<Result> || Shippable<Result>,
        "the result of this function cannot travel from a worker process to the caller. Return values instead "
        "of pointers, references, iterators and views: std::string for std::string_view, std::vector for "
        "std::span; for a type of your own, specialise slicepool::Shipment (slicepool/core/shipment.hpp).");

    ItemCalls(Function function, I items) : function_(std::move(function)), items_(std::move(items)) {}

    [[nodiscard]] std::unique_ptr<CallKernel> prepare() const { return std::make_unique<Kernel>(*this); }
    [[nodiscard]] std::int64_t count() const { return item_count(items_); }

private:
    class Kernel final : public CallKernel {
    public:
        explicit Kernel(const ItemCalls& calls) : items_(calls.items_), worker_(calls.function_) {}
        void call(std::int64_t index, ByteWriter& result) override {
            if constexpr (std::is_void_v<Result>)
                invoke_on(worker_, item_at(items_, index));
            else
                result.write(static_cast<const Result&>(invoke_on(worker_, item_at(items_, index))));
        }

    private:
        const I& items_;
        Worker<Function> worker_;
    };

    Function function_;
    I items_;
};

template <class Function, class I>
[[nodiscard]] auto calls_on(Function&& function, I&& items) {
    return ItemCalls<std::remove_cvref_t<Function>, PartOf<I>>(std::forward<Function>(function),
                                                               PartOf<I>(std::forward<I>(items)));
}

/// Runs of neighbouring items, each folded by one worker from left to right.
template <class Function, class I, class Combine>
class ItemFolds {
public:
    static constexpr bool kSelfContained = is_self_contained<I>;
    using Result = ResultOfCall<Function, I>;
    static_assert(Shippable<Result>, "what is folded has to travel from a worker process to the caller: see Shipment");

    ItemFolds(Function function, I items, Combine combine)
        : function_(std::move(function)), items_(std::move(items)), combine_(std::move(combine)) {}

    [[nodiscard]] std::unique_ptr<CallKernel> prepare() const { return std::make_unique<Kernel>(*this); }
    /// A matter of the number of items alone, so that the result is too.
    [[nodiscard]] std::int64_t count() const {
        const std::int64_t items = item_count(items_);
        return (items + items_per_fold() - 1) / items_per_fold();
    }

private:
    static constexpr std::int64_t kMostFolds = 1024;
    [[nodiscard]] std::int64_t items_per_fold() const {
        return std::max<std::int64_t>(1, (item_count(items_) + kMostFolds - 1) / kMostFolds);
    }

    class Kernel final : public CallKernel {
    public:
        explicit Kernel(const ItemFolds& folds) : folds_(folds), worker_(folds.function_) {}
        void call(std::int64_t index, ByteWriter& result) override {
            const std::int64_t begin = index * folds_.items_per_fold();
            const std::int64_t end = std::min(begin + folds_.items_per_fold(), item_count(folds_.items_));
            Result folded = result_of(begin);
            if constexpr (std::invocable<const Combine&, Result, Result>)
                for (std::int64_t item = begin + 1; item < end; ++item)
                    folded = std::invoke(folds_.combine_, std::move(folded), result_of(item));
            else if (end > begin + 1)
                throw InvalidArgument(
                    "more than 1024 items are folded by the workers first: combine has to take two "
                    "results of the function");
            result.write(folded);
        }

    private:
        [[nodiscard]] Result result_of(std::int64_t item) const {
            try {
                return invoke_on(worker_, item_at(folds_.items_, item));
            } catch (const std::exception& error) {
                throw Error("item " + std::to_string(item) + ": " + error.what());
            }
        }
        const ItemFolds& folds_;
        Worker<Function> worker_;
    };

    Function function_;
    I items_;
    Combine combine_;
};

template <class Function, class I, class Combine>
[[nodiscard]] auto folds_on(Function&& function, I&& items, const Combine& combine) {
    return ItemFolds<std::remove_cvref_t<Function>, PartOf<I>, Combine>(std::forward<Function>(function),
                                                                        PartOf<I>(std::forward<I>(items)), combine);
}

/// Keeps results by their index. For void only the report tells what was done.
template <class R>
class Collector final : public CallSink {
public:
    explicit Collector(std::int64_t count) : values_(static_cast<std::size_t>(count)) {}
    void take(std::int64_t index, ByteReader& result) override {
        values_[static_cast<std::size_t>(index)] = result.read<R>();
    }
    [[nodiscard]] std::vector<std::optional<R>>& values() noexcept { return values_; }

private:
    std::vector<std::optional<R>> values_;
};

template <>
class Collector<void> final : public CallSink {
public:
    explicit Collector(std::int64_t) {}
    void take(std::int64_t, ByteReader&) override {}
};

}  // namespace detail

}  // namespace slicepool
