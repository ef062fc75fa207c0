// What a parallel call runs over: ranges at their limits, nested loops, borrowed and owned containers, calls with a tuple.
#include <slicepool/core/items.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <numeric>
#include <ranges>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using slicepool::test::message_of;
using slicepool::test::missing_in;

namespace {

constexpr auto kLowest = std::numeric_limits<std::int64_t>::min();
constexpr auto kHighest = std::numeric_limits<std::int64_t>::max();
constexpr auto kHighestUnsigned = std::numeric_limits<std::uint64_t>::max();

template <class I>
auto listed(const I& items) {
    std::vector<std::ranges::range_value_t<const I>> list;
    for (auto&& item : items) list.push_back(item);
    return list;
}

// What Python's range would list, one item after the other, without the sums that the library does.
std::vector<int> counted(int start, int stop, int step) {
    std::vector<int> list;
    for (int i = start; step > 0 ? i < stop : i > stop; i += step) list.push_back(i);
    return list;
}

}  // namespace

TEST_CASE("a range lists what Python's does", "[core][items]") {
    CHECK(listed(range(3)) == std::vector{0, 1, 2});
    CHECK(listed(range(2, 5)) == std::vector{2, 3, 4});
    CHECK(listed(range(7, -1, -3)) == std::vector{7, 4, 1});
    int wrong = 0;
    for (int start = -5; start <= 5; ++start)
        for (int stop = -5; stop <= 5; ++stop)
            for (int step = -12; step <= 12; ++step)
                if (step != 0) wrong += listed(range(start, stop, step)) != counted(start, stop, step) ? 1 : 0;
    CHECK(wrong == 0);
}

TEST_CASE("a range that holds nothing is empty, not an error", "[core][items]") {
    CHECK(item_count(range(0)) == 0);
    CHECK(item_count(range(-3)) == 0);
    CHECK(item_count(range(5, 5, -1)) == 0);
    CHECK(item_count(range(5, 2)) == 0);
    CHECK(item_count(range(2, 5, -1)) == 0);
    CHECK(item_count(range(kHighest, kLowest)) == 0);
    CHECK(std::ranges::empty(range(0)));
}

TEST_CASE("a range is right at the limits of its type", "[core][items]") {
    CHECK(item_count(range(kHighest)) == kHighest);
    CHECK(item_at(range(kHighest), kHighest - 1) == kHighest - 1);
    CHECK(item_count(range(kLowest, std::int64_t{-1})) == kHighest);
    CHECK(item_at(range(kLowest, std::int64_t{-1}), kHighest - 1) == -2);
    CHECK(item_count(range(kLowest, kHighest, 3)) == 6148914691236517205);
    CHECK(item_at(range(kLowest, kHighest, 3), 6148914691236517204) == kHighest - 3);
    CHECK(listed(range(kHighest, kLowest, kLowest)) == std::vector{kHighest, std::int64_t{-1}});
    CHECK(listed(range(kLowest, kHighest, kHighest)) == std::vector{kLowest, std::int64_t{-1}, kHighest - 1});
    CHECK(listed(range(std::uint64_t{0}, kHighestUnsigned, kHighestUnsigned)) == std::vector{std::uint64_t{0}});
    CHECK(listed(range(kHighestUnsigned - 1, kHighestUnsigned)) == std::vector{kHighestUnsigned - 1});
    CHECK(item_count(range(std::int8_t{-128}, std::int8_t{127})) == 255);
    CHECK(listed(range(std::int8_t{-128}, std::int8_t{127}, 254)) == std::vector<std::int8_t>{-128, 126});
}

TEST_CASE("an unsigned range may count down", "[core][items]") {
    CHECK(listed(range(5U, 0U, -2)) == std::vector{5U, 3U, 1U});
    CHECK(item_count(range(kHighestUnsigned, std::uint64_t{1}, -2)) == kHighest);
    CHECK(item_at(range(kHighestUnsigned, std::uint64_t{1}, -2), kHighest - 1) == 3);
}

TEST_CASE("a range has the common type of start and stop, and may be known at compile time", "[core][items]") {
    STATIC_REQUIRE(std::is_same_v<decltype(range(3)), Range<int>>);
    STATIC_REQUIRE(std::is_same_v<decltype(range(0, 3L)), Range<long>>);
    STATIC_REQUIRE(std::is_same_v<decltype(range(0, std::size_t{3})), Range<std::size_t>>);
    STATIC_REQUIRE(std::is_same_v<decltype(range(0, 3, std::size_t{2})), Range<int>>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<Range<int>>);
    STATIC_REQUIRE(range(1, 10, 4).size() == 3);
    STATIC_REQUIRE(range(1, 10, 4)[2] == 9);
}

TEST_CASE("a range with a step of 0 is refused, whatever else is asked", "[core][items]") {
    CHECK_THROWS_AS(range(5, 5, 0), InvalidArgument);
    CHECK(missing_in(message_of<InvalidArgument>([] { static_cast<void>(range(0, 10, 0)); }),
                     {"range(0, 10, 0)", "a step of 0", "positive or negative"}) == "");
}

TEST_CASE("a negative bound beside an unsigned one is refused instead of becoming huge", "[core][items]") {
    CHECK(missing_in(message_of<InvalidArgument>([] { static_cast<void>(range(-1, 5U)); }),
                     {"range(-1, 5, 1)", "signed"}) == "");
    CHECK_THROWS_AS(range(5U, -1, -1), InvalidArgument);
    CHECK(listed(range(0, 2U)) == std::vector{0U, 1U});
}

TEST_CASE("a range of more items than can be counted is refused", "[core][items]") {
    CHECK(missing_in(message_of<InvalidArgument>([] { static_cast<void>(range(kLowest, kHighest)); }),
                     {"range(-9223372036854775808, 9223372036854775807, 1)", "18446744073709551615 items"}) == "");
    CHECK_THROWS_AS(range(kLowest, std::int64_t{0}), InvalidArgument);
    CHECK_THROWS_AS(range(kHighest, kLowest, -1), InvalidArgument);
    CHECK_THROWS_AS(range(kHighestUnsigned), InvalidArgument);
    CHECK_THROWS_AS(range(std::uint64_t{1} << 63), InvalidArgument);
    CHECK_THROWS_AS(range(kHighestUnsigned, std::uint64_t{0}, -2), InvalidArgument);
}

TEST_CASE("ranges and products are ranges to the standard library", "[core][items]") {
    using Pairs = Product<Range<int>, Range<long>>;
    STATIC_REQUIRE(std::ranges::random_access_range<const Range<int>>);
    STATIC_REQUIRE(std::ranges::sized_range<const Range<int>>);
    STATIC_REQUIRE(std::ranges::view<Range<int>>);
    STATIC_REQUIRE(std::ranges::random_access_range<const Pairs>);
    STATIC_REQUIRE(std::ranges::sized_range<const Pairs>);
    STATIC_REQUIRE(std::ranges::view<Pairs>);
    STATIC_REQUIRE(std::ranges::random_access_range<const Product<std::vector<std::string>>>);
    STATIC_REQUIRE_FALSE(std::ranges::view<Product<std::vector<int>>>);  // a copy of it copies the vector

    const auto tens = range(0, 100, 10);
    CHECK(std::ranges::distance(tens) == 10);
    CHECK(*std::ranges::lower_bound(tens, 42) == 50);
    CHECK(std::ranges::find(tens, 30) - tens.begin() == 3);
    CHECK(std::accumulate(tens.begin(), tens.end(), 0) == 450);
    CHECK(listed(tens | std::views::reverse | std::views::take(2)) == std::vector{90, 80});
    CHECK(listed(range(4) | std::views::transform([](int i) { return i * i; })) == std::vector{0, 1, 4, 9});

    const auto pairs = product(range(3), range(4));
    CHECK(std::ranges::max(pairs) == std::tuple{2, 3});
    CHECK(std::ranges::is_sorted(pairs));
    CHECK(std::ranges::count_if(pairs, [](const auto& pair) { return std::get<0>(pair) == std::get<1>(pair); }) == 3);
    CHECK(listed(product(range(2), range(2)) | std::views::elements<1>) == std::vector{0, 1, 0, 1});
}

TEST_CASE("an iterator over computed items keeps the laws of random access", "[core][items]") {
    const auto items = range(10, 20);
    auto i = items.begin();
    CHECK(*i++ == 10);
    CHECK(*++i == 12);
    CHECK(*i-- == 12);
    CHECK(*--i == 10);
    CHECK(*(i + 3) == 13);
    CHECK(*(4 + i) == 14);
    CHECK(i[5] == 15);
    CHECK((i += 9) == items.end() - 1);
    CHECK(*(i -= 2) == 17);
    CHECK(items.end() - i == 3);
    CHECK((items.begin() < i && i < items.end() && i != items.end()));
}

TEST_CASE("the items of a product are those of nested loops, the last one fastest", "[core][items]") {
    const std::vector<std::string> names{"a", "b", "c"};
    const std::array<double, 2> weights{0.5, 2.0};
    std::vector<std::tuple<int, std::string, double, unsigned>> expected;
    for (int i = 5; i > -5; i -= 3)
        for (const std::string& name : names)
            for (double weight : weights)
                for (unsigned j = 0; j < 5; ++j) expected.emplace_back(i, name, weight, j);

    const auto items = product(range(5, -5, -3), names, weights, range(5U));
    REQUIRE(item_count(items) == 4 * 3 * 2 * 5);
    std::vector<std::tuple<int, std::string, double, unsigned>> found;
    for (const auto& [i, name, weight, j] : items) found.emplace_back(i, name, weight, j);
    CHECK(found == expected);
    for (std::int64_t index = 0; index < item_count(items); ++index)
        found[static_cast<std::size_t>(index)] = item_at(items, index);
    CHECK(found == expected);
}

TEST_CASE("a product of one, of nothing, and of a product", "[core][items]") {
    CHECK(listed(product(range(2))) == std::vector{std::tuple{0}, std::tuple{1}});
    CHECK(item_count(product(range(3), range(0), range(5))) == 0);
    CHECK(listed(product(std::vector<int>{}, range(3))).empty());
    const auto nested = product(product(range(2), range(2)), range(2));
    STATIC_REQUIRE(std::is_same_v<ItemOf<decltype(nested)>, std::tuple<std::tuple<int, int>, int>>);
    CHECK(item_count(nested) == 8);
    CHECK(item_at(nested, 5) == std::tuple{std::tuple{1, 0}, 1});
    STATIC_REQUIRE(std::is_same_v<ItemOf<decltype(product(product(range(2))))>, std::tuple<std::tuple<int>>>);
}

TEST_CASE("a product of more items than can be counted is refused, unless one loop is empty", "[core][items]") {
    constexpr std::int64_t k2To31 = std::int64_t{1} << 31;
    CHECK(item_count(product(range(k2To31), range(k2To31), range(1))) == std::int64_t{1} << 62);
    CHECK(item_count(product(range(kHighest), range(1))) == kHighest);
    CHECK(item_at(product(range(kHighest), range(1)), kHighest - 1) == std::tuple{kHighest - 1, 0});
    CHECK_THROWS_AS(product(range(k2To31), range(k2To31), range(2)), InvalidArgument);
    // 2^64: nought, had nobody looked.
    CHECK(missing_in(
              message_of<InvalidArgument>([] { static_cast<void>(product(range(2 * k2To31), range(2 * k2To31))); }),
              {"4294967296 x 4294967296", "9223372036854775807"}) == "");
    CHECK(item_count(product(range(kHighest), range(kHighest), range(0))) == 0);
}

TEST_CASE("a product of plain things is trivially copyable", "[core][items]") {
    std::vector<int> numbers{1, 2};
    STATIC_REQUIRE(std::is_trivially_copyable_v<decltype(product(range(2), range(3L), range(4U)))>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<decltype(product(product(range(2), range(3)), range(4)))>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<decltype(product(std::span(numbers), numbers))>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<decltype(product(std::array{1, 2}))>);
    STATIC_REQUIRE_FALSE(std::is_trivially_copyable_v<decltype(product(std::vector{1, 2}))>);
}

TEST_CASE("a product borrows a container that has a name and owns one that has none", "[core][items]") {
    std::vector<std::string> names{"a", "b"};
    const auto borrowing = product(names, range(2));
    STATIC_REQUIRE(std::is_same_v<ItemOf<decltype(borrowing)>, std::tuple<const std::string&, int>>);
    CHECK(&std::get<0>(item_at(borrowing, 2)) == &names[1]);
    names[1] = "changed";
    CHECK(std::get<0>(item_at(borrowing, 3)) == "changed");

    const std::string* place = names.data();
    const auto owning = product(std::move(names), range(2));
    CHECK(&std::get<0>(item_at(owning, 0)) == place);  // moved, not copied
    auto copy = owning;
    CHECK(&std::get<0>(item_at(copy, 0)) != place);
    CHECK(item_at(copy, 3) == std::tuple{"changed", 1});

    // A product that owns is itself a container; one that only refers is a view.
    const auto outer = product(owning, range(1));
    CHECK(&std::get<0>(std::get<0>(item_at(outer, 0))) == place);
}

TEST_CASE("whatever has a size and an index will do as items", "[core][items]") {
    STATIC_REQUIRE(Items<std::vector<int>>);
    STATIC_REQUIRE(Items<const std::vector<std::string>&>);
    STATIC_REQUIRE(Items<std::vector<bool>>);
    STATIC_REQUIRE(Items<std::deque<int>>);
    STATIC_REQUIRE(Items<std::array<int, 3>>);
    STATIC_REQUIRE(Items<int(&)[3]>);
    STATIC_REQUIRE(Items<std::span<int>>);
    STATIC_REQUIRE(Items<decltype(std::views::iota(0, 3))>);
    STATIC_REQUIRE(Items<Range<int>>);
    STATIC_REQUIRE(Items<Product<Range<int>, std::vector<int>>>);
    STATIC_REQUIRE_FALSE(Items<int>);
    STATIC_REQUIRE_FALSE(Items<std::list<int>>);
    STATIC_REQUIRE_FALSE(Items<decltype(std::views::iota(0))>);

    STATIC_REQUIRE(std::is_same_v<ItemOf<std::vector<std::string>>, const std::string&>);
    STATIC_REQUIRE(std::is_same_v<ItemOf<std::vector<bool>>, bool>);
    STATIC_REQUIRE(std::is_same_v<ItemOf<Range<short>&>, short>);

    CHECK(item_at(std::vector{4, 5, 6}, 2) == 6);
    CHECK(item_at(std::vector{false, true}, 1));
    const int plain[]{7, 8};
    CHECK(item_count(plain) == 2);
    CHECK(item_at(plain, 1) == 8);
    const auto shifted = std::views::iota(std::int64_t{-5}, std::int64_t{5});
    CHECK(item_count(shifted) == 10);
    CHECK(item_at(shifted, 9) == 4);
    CHECK(item_count(std::views::iota(kLowest, std::int64_t{-1})) == kHighest);
    CHECK_THROWS_AS(item_count(std::views::iota(kLowest, kHighest)), InvalidArgument);
    CHECK(listed(product(plain, shifted | std::views::take(1))) ==
          std::vector<std::tuple<const int&, std::int64_t>>{{plain[0], -5}, {plain[1], -5}});
}

TEST_CASE("a function is called on the elements of a tuple when it takes them, else on the tuple", "[core][items]") {
    const auto add = [](int a, int b) { return a + b; };
    CHECK(invoke_on(add, std::tuple{2, 3}) == 5);
    CHECK(invoke_on(add, std::pair{2, 3}) == 5);
    CHECK(invoke_on([](const std::tuple<int, int>& both) { return std::get<1>(both); }, std::tuple{2, 3}) == 3);
    CHECK(invoke_on([](const auto& one) { return std::tuple_size_v<std::remove_cvref_t<decltype(one)>>; },
                    std::tuple{2, 3}) == 2);
    CHECK(invoke_on([](const auto&... each) { return sizeof...(each); }, std::tuple{2, 3}) == 2);
    CHECK(invoke_on([](int a) { return a + 1; }, 2) == 3);
    CHECK(invoke_on([](std::array<int, 2> both) { return both[1]; }, std::array{2, 3}) == 3);
    CHECK(invoke_on(&std::string::size, std::string("abc")) == 3);
    const std::tuple nested{std::tuple{1, 2}, 3};
    CHECK(invoke_on([](std::tuple<int, int> first, int second) { return std::get<0>(first) + second; }, nested) == 4);
}

TEST_CASE("what a function makes of an item is known before the call", "[core][items]") {
    const auto add = [](int a, int b) { return a + b; };
    const auto length = [](const std::string& text) { return text.size(); };
    const auto change = [](std::string& text) { text.clear(); };
    using Add = const decltype(add)&;
    STATIC_REQUIRE(CallableOn<Add, std::tuple<int, int>>);
    STATIC_REQUIRE(CallableOn<Add, ItemOf<Product<Range<int>, Range<int>>>>);
    STATIC_REQUIRE_FALSE(CallableOn<Add, std::tuple<int, int, int>>);
    STATIC_REQUIRE_FALSE(CallableOn<Add, std::array<int, 2>>);
    STATIC_REQUIRE_FALSE(CallableOn<Add, int>);
    STATIC_REQUIRE(CallableOn<decltype(length), ItemOf<std::vector<std::string>>>);
    STATIC_REQUIRE_FALSE(CallableOn<decltype(change), ItemOf<std::vector<std::string>>>);  // items are read only
    STATIC_REQUIRE_FALSE(CallableOn<decltype(change), std::tuple<const std::string&>>);
    STATIC_REQUIRE(std::is_same_v<ResultOn<Add, std::pair<int, int>>, int>);
    STATIC_REQUIRE(std::is_same_v<ResultOn<decltype(length), const std::string&>, std::size_t>);
    STATIC_REQUIRE(std::is_void_v<ResultOn<decltype(change), std::string&>>);
}
