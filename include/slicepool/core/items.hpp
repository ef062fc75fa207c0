// items.hpp: the things a parallel call runs over: counted ranges, nested loops, and any container with an index; and how
// a function is called on one of them.
// Nothing runs here, and nothing is stored that can be computed from an index.
#pragma once

#include <slicepool/core/index_iterator.hpp>
#include <slicepool/core/links.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace slicepool {

/// What a parallel call can run over: whatever knows its size, and finds an item by its index without being changed.
/// Range and Product below; std::vector, std::array, std::span; std::views::iota between two bounds.
template <class I>
concept Items = std::ranges::random_access_range<const std::remove_cvref_t<I>> &&
    std::ranges::sized_range<const std::remove_cvref_t<I>>;

/// What item_at returns: a value where items are computed, a reference where they are held: to const, unless they belong to
/// somebody else, as those of std::span<T> do.
template <Items I>
using ItemOf = std::ranges::range_reference_t<const std::remove_cvref_t<I>>;

namespace detail {
template <class T, class... Others>
concept NoneOf = (!std::same_as<T, Others> && ...);
/// Numbers to count with: neither bool nor characters.
template <class T>
concept Integer = std::integral<T> && sizeof(T) <= sizeof(std::int64_t) &&
                  NoneOf<T, bool, char, wchar_t, char8_t, char16_t, char32_t>;

inline constexpr auto kMostItems = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
[[noreturn]] void refuse_range(std::string_view start, std::string_view stop, std::string_view step,
                               std::string_view reason);
[[noreturn]] void refuse_item_count();
/// Throws InvalidArgument when the product exceeds kMostItems.
[[nodiscard]] std::int64_t multiply_counts(std::span<const std::int64_t> counts);
}  // namespace detail

/// The number of items. Throws InvalidArgument when it exceeds the largest int64.
template <Items I>
[[nodiscard]] constexpr std::int64_t item_count(const I& items) {
    const auto size = std::ranges::size(items);
    using Wide = std::common_type_t<decltype(size), std::uint64_t>;  // std::views::iota may count in 128 bits
    if (static_cast<Wide>(size) > static_cast<Wide>(detail::kMostItems)) detail::refuse_item_count();
    return static_cast<std::int64_t>(size);
}

/// The item at 0 <= index < item_count(items), which is not checked. Safe to call from many threads.
template <Items I>
[[nodiscard]] constexpr ItemOf<I> item_at(const I& items, std::int64_t index) {
    return std::ranges::begin(items)[static_cast<std::ranges::range_difference_t<const I>>(index)];
}

/// The integers that range() below describes. Trivially copyable; its iterators must not outlive it.
template <detail::Integer T>
class Range {
public:
    template <detail::Integer Start, detail::Integer Stop, detail::Integer Step>
    constexpr Range(Start start, Stop stop, Step step)
        : first_(static_cast<T>(start)), step_(static_cast<std::uint64_t>(step)) {
        const auto refuse = [&](std::string_view reason) {
            detail::refuse_range(std::to_string(start), std::to_string(stop), std::to_string(step), reason);
        };
        if (step == 0) refuse("a step of 0 leads nowhere: it must be positive or negative");
        if (!std::in_range<T>(start) || !std::in_range<T>(stop))
            refuse("start and stop must fit into their common type, which is unsigned: make both of them signed");

        const bool rises = std::cmp_greater(step, 0);
        const T low = rises ? first_ : static_cast<T>(stop);
        const T high = rises ? static_cast<T>(stop) : first_;
        if (low >= high) return;
        // Modulo 2^64, where neither the distance between the ends of T nor the magnitude of its lowest step overflows.
        const std::uint64_t distance = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
        const std::uint64_t stride = rises ? step_ : std::uint64_t{0} - step_;
        const std::uint64_t count = (distance - 1) / stride + 1;
        if (count > detail::kMostItems)
            refuse(std::to_string(count) + " items are more than the largest int64 can count: take larger steps");
        count_ = static_cast<std::int64_t>(count);
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return static_cast<std::size_t>(count_); }
    [[nodiscard]] constexpr T operator[](std::int64_t index) const noexcept {
        return static_cast<T>(static_cast<std::uint64_t>(first_) + static_cast<std::uint64_t>(index) * step_);
    }
    [[nodiscard]] constexpr auto begin() const noexcept { return detail::IndexIterator<Range>(*this, 0); }
    [[nodiscard]] constexpr auto end() const noexcept { return detail::IndexIterator<Range>(*this, count_); }

private:
    T first_;
    std::uint64_t step_;  ///< modulo 2^64, so that it may be negative and T unsigned
    std::int64_t count_ = 0;
};

/// As Python's range: start, start + step, ... as long as stop is not reached; empty when there is no such number. The
/// items have the common type of start and stop, whatever the step's. Throws InvalidArgument for a step of 0, for a
/// negative start or stop beside an unsigned one, and for more items than the largest int64.
template <detail::Integer Start, detail::Integer Stop, detail::Integer Step = int>
[[nodiscard]] constexpr Range<std::common_type_t<Start, Stop>> range(Start start, Stop stop, Step step = 1) {
    return {start, stop, step};
}
/// 0, 1, ... stop - 1.
template <detail::Integer Stop>
[[nodiscard]] constexpr Range<Stop> range(Stop stop) {
    return {Stop{0}, stop, 1};
}

/// The items that product() below describes. Trivially copyable when all its parts are; copies of it own copies of the
/// containers that it owns. Its iterators must not outlive it.
template <Items... Parts>
    requires(sizeof...(Parts) > 0)
class Product {
public:
    using Item = std::tuple<ItemOf<Parts>...>;

    /// Throws InvalidArgument when there are more items than the largest int64.
    explicit constexpr Product(Parts... parts)
        : counts_{item_count(parts)...}, count_(detail::multiply_counts(counts_)), parts_(std::move(parts)...) {}

    [[nodiscard]] constexpr std::size_t size() const noexcept { return static_cast<std::size_t>(count_); }
    [[nodiscard]] constexpr Item operator[](std::int64_t index) const {
        std::array<std::int64_t, sizeof...(Parts)> places{};
        for (std::size_t loop = places.size(); loop-- > 0; index /= counts_[loop]) places[loop] = index % counts_[loop];
        return parts_.apply([place = places.begin()](const Parts&... parts) mutable {
            const auto next = [&place] { return *place++; };
            return Item{item_at(parts, next())...};  // braces: from left to right
        });
    }
    [[nodiscard]] constexpr auto begin() const noexcept { return detail::IndexIterator<Product>(*this, 0); }
    [[nodiscard]] constexpr auto end() const noexcept { return detail::IndexIterator<Product>(*this, count_); }

private:
    std::array<std::int64_t, sizeof...(Parts)> counts_;
    std::int64_t count_;
    detail::Links<Parts...> parts_;
};

namespace detail {
/// How a Product keeps what it is given: views, which are cheap, are copied; of other things those that have a name are
/// referred to, and temporaries are moved in.
template <Items I>
using PartOf = std::conditional_t<std::ranges::view<std::remove_cvref_t<I>> || !std::is_lvalue_reference_v<I>,
                                  std::remove_cvref_t<I>, std::ranges::ref_view<const std::remove_reference_t<I>>>;
}  // namespace detail

/// Nested loops: every combination of one item of each, as a std::tuple; the last one changes fastest.
///
/// A container with a name is borrowed: it must outlive the product and keep its size. A temporary one is moved in. The
/// items of containers stand in the tuple as references to const, so nothing large is copied; they are valid as long as
/// the container is. A product in a product gives a tuple in a tuple.
/// Throws InvalidArgument when there are more items than the largest int64.
template <Items... I>
    requires(sizeof...(I) > 0)
[[nodiscard]] constexpr Product<detail::PartOf<I>...> product(I&&... items) {
    return Product<detail::PartOf<I>...>(std::forward<I>(items)...);
}

namespace detail {
template <class Item>
inline constexpr bool is_tuple = false;
template <class... Elements>
inline constexpr bool is_tuple<std::tuple<Elements...>> = true;
template <class First, class Second>
inline constexpr bool is_tuple<std::pair<First, Second>> = true;

template <class Function, class Item, class Places>
inline constexpr bool takes_elements_at = false;
template <class Function, class Item, std::size_t... Places>
inline constexpr bool takes_elements_at<Function, Item, std::index_sequence<Places...>> =
    std::invocable<Function, decltype(std::get<Places>(std::declval<Item>()))...>;

template <class Function, class Item>
concept TakesElements = is_tuple<std::remove_cvref_t<Item>> &&
    takes_elements_at<Function, Item, std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Item>>>>;
}  // namespace detail

/// A function that takes the item or, when that is a std::tuple or std::pair, its elements.
template <class Function, class Item>
concept CallableOn = detail::TakesElements<Function, Item> || std::invocable<Function, Item>;

/// Calls function(elements...) when the item is a std::tuple or std::pair and the function takes that; else function(item).
template <class Function, class Item>
    requires CallableOn<Function, Item>
constexpr decltype(auto) invoke_on(Function&& function, Item&& item) {
    if constexpr (detail::TakesElements<Function, Item>)
        return std::apply(std::forward<Function>(function), std::forward<Item>(item));
    else
        return std::invoke(std::forward<Function>(function), std::forward<Item>(item));
}

/// What invoke_on returns.
template <class Function, class Item>
    requires CallableOn<Function, Item>
using ResultOn = decltype(invoke_on(std::declval<Function>(), std::declval<Item>()));

}  // namespace slicepool

template <slicepool::detail::Integer T>
inline constexpr bool std::ranges::enable_view<slicepool::Range<T>> = true;
template <slicepool::Items... Parts>
    requires(sizeof...(Parts) > 0)
inline constexpr bool std::ranges::enable_view<slicepool::Product<Parts...>> = (std::ranges::view<Parts> && ...);
