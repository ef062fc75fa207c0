// links.hpp: a list of values of different types that can be shipped to a worker by its bytes.
// It is no std::tuple, which is never trivially copyable; it has no element access by number.
#pragma once

#include <type_traits>
#include <utility>

namespace slicepool::detail {

/// Trivially copyable when all values are.
template <class... Values>
class Links;

template <>
class Links<> {
public:
    template <class Function, class... Before>
    constexpr decltype(auto) apply(Function&& function, const Before&... before) const {
        return std::forward<Function>(function)(before...);
    }
};

template <class First, class... Rest>
class Links<First, Rest...> {
public:
    explicit constexpr Links(First first, Rest... rest) : first_(std::move(first)), rest_(std::move(rest)...) {}

    /// Calls `function` with all values, in order, after `before`.
    template <class Function, class... Before>
    constexpr decltype(auto) apply(Function&& function, const Before&... before) const {
        return rest_.apply(std::forward<Function>(function), before..., first_);
    }

private:
    First first_;
    [[no_unique_address]] Links<Rest...> rest_;
};

}  // namespace slicepool::detail
