// chain.hpp: several filters one after the other as one filter, so that a slice stays in one worker and its cache.
// It computes nothing itself and knows no filter by name; see registry.hpp for that.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/links.hpp>

namespace slicepool {

namespace detail {

/// Plans, and prepares, the filters as one: each is asked for the wished pixel type, and what it promises is the next
/// one's input. Between filters, slices are contiguous in scratch that the kernel owns and the plan counts; the first
/// reads the input itself and the last writes the output itself. Filters at the end that may work in place do so
/// on the output; other in-place filters on their scratch. Throws InvalidArgument for an empty list, and what the
/// filters throw, naming the one at fault by its place when there are several.
[[nodiscard]] FilterPlan plan_chain(std::span<const FilterRef> filters, const SliceSpec& input, DType wish);
[[nodiscard]] std::unique_ptr<SliceKernel> prepare_chain(std::span<const FilterRef> filters, const SliceSpec& input,
                                                         DType wish);

}  // namespace detail

/// Filters known at compile time. Trivially copyable when all of them are, so that a pool can ship it to its workers.
/// A chain of one is that filter: same plan, same pixels.
template <SliceFilter... Filters>
    requires(sizeof...(Filters) > 0)
class Chain {
public:
    explicit Chain(Filters... filters) : links_(std::move(filters)...) {}

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const {
        return detail::plan_chain(references(), input, wish);
    }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const {
        return detail::prepare_chain(references(), input, wish);
    }

private:
    [[nodiscard]] std::array<FilterRef, sizeof...(Filters)> references() const {
        return links_.apply([](const Filters&... filters) { return std::array{FilterRef(filters)...}; });
    }

    detail::Links<Filters...> links_;
};

/// Filters put together at run time; copies share them.
class AnyChain {
public:
    /// Throws InvalidArgument when the list is empty.
    explicit AnyChain(std::vector<AnyFilter> filters);

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const;
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const;

private:
    [[nodiscard]] std::vector<FilterRef> references() const;
    std::shared_ptr<const std::vector<AnyFilter>> filters_;
};

template <SliceFilter... Filters>
    requires(sizeof...(Filters) > 0)
[[nodiscard]] Chain<Filters...> chain(Filters... filters) { return Chain<Filters...>(std::move(filters)...); }

/// Throws InvalidArgument when the list is empty.
[[nodiscard]] inline AnyChain chain(std::vector<AnyFilter> filters) { return AnyChain(std::move(filters)); }

}  // namespace slicepool
