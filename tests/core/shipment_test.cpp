// Results as bytes: what goes in comes out, and bytes that were cut short or lie are refused without being believed.
#include <slicepool/core/shipment.hpp>

#include <algorithm>
#include <array>
#include <complex>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>
#include <slicepool/core/items.hpp>
#include <slicepool/core/slice.hpp>

namespace {

enum class Colour : std::uint8_t { red, green };

struct Point {
    double x = 0;
    float y = 0;
    friend bool operator==(const Point&, const Point&) = default;
};

// Trivially copyable, and there is no way to make one from nothing.
class Positive {
public:
    explicit Positive(int value) : value_(value) {}
    friend bool operator==(const Positive&, const Positive&) = default;

private:
    int value_;
};

struct Peak {
    std::string name;
    std::vector<double> heights;
    friend bool operator==(const Peak&, const Peak&) = default;
};

struct Tree {
    int value = 0;
    std::vector<Tree> children;
    friend bool operator==(const Tree&, const Tree&) = default;
};

// Trivially copyable, but its bytes would not do.
struct Constant {
    const int* value;
    friend bool operator==(const Constant& a, const Constant& b) { return *a.value == *b.value; }
};
constexpr std::array<int, 3> kConstants{10, 20, 30};

// One byte on its way, a megabyte at either end.
struct Swollen {
    std::array<char, 1 << 20> bulk{};
};

}  // namespace

template <>
struct slicepool::Shipment<Peak> {
    static void write(const Peak& peak, ByteWriter& writer) {
        writer.write(peak.name);
        writer.write(peak.heights);
    }
    static Peak read(ByteReader& reader) {
        auto name = reader.read<std::string>();
        return {std::move(name), reader.read<std::vector<double>>()};
    }
};

template <>
struct slicepool::Shipment<Tree> {
    static void write(const Tree& tree, ByteWriter& writer) {
        writer.write(tree.value);
        writer.write(tree.children);
    }
    static Tree read(ByteReader& reader) {
        const int value = reader.read<int>();
        return {value, reader.read<std::vector<Tree>>()};
    }
};

template <>
struct slicepool::Shipment<Constant> {
    static void write(const Constant& constant, ByteWriter& writer) {
        writer.write(static_cast<std::uint8_t>(constant.value - kConstants.data()));
    }
    static Constant read(ByteReader& reader) {
        const auto place = reader.read<std::uint8_t>();
        if (place >= kConstants.size()) throw FormatError("no such constant");
        return {&kConstants[place]};
    }
};

template <>
struct slicepool::Shipment<Swollen> {
    static void write(const Swollen&, ByteWriter& writer) { writer.write(std::uint8_t{1}); }
    static Swollen read(ByteReader& reader) {
        if (reader.read<std::uint8_t>() != 1) throw FormatError("not swollen");
        return {};
    }
};

using namespace slicepool;
using slicepool::test::message_of;
using slicepool::test::missing_in;

namespace {

template <class T>
bool same(const T& a, const T& b) {
    return a == b;
}
// Eigen asserts, instead of answering, when extents differ.
template <class T, int... Shape>
bool same(const Eigen::Array<T, Shape...>& a, const Eigen::Array<T, Shape...>& b) {
    return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}
template <class T, int... Shape>
bool same(const Eigen::Matrix<T, Shape...>& a, const Eigen::Matrix<T, Shape...>& b) {
    return a.rows() == b.rows() && a.cols() == b.cols() && a == b;
}

// Packs and unpacks, then tries every shorter message, each in memory of its own so that a sanitizer sees its end.
// "" when all is well.
template <class T>
std::string trouble_with(const T& value) {
    const std::vector<std::byte> bytes = pack(value);
    if (bytes.empty()) return "it takes no bytes";
    if (!same(unpack<T>(bytes), value)) return "it comes out changed";
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const auto cut = std::make_unique<std::byte[]>(length);
        std::copy_n(bytes.begin(), length, cut.get());
        try {
            static_cast<void>(unpack<T>(std::span(cut.get(), length)));
            return "cut to " + std::to_string(length) + " bytes it is accepted";
        } catch (const FormatError&) {
        }
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    if (message_of<FormatError>([&] { static_cast<void>(unpack<T>(longer)); }) != "a result has 1 bytes too many")
        return "a byte too many is accepted";
    return "";
}

template <class... Values>
std::vector<std::byte> message(const Values&... values) {
    std::vector<std::byte> bytes;
    ByteWriter writer(bytes);
    (writer.write(values), ...);
    return bytes;
}

template <class T>
std::string refusal_of(const std::vector<std::byte>& bytes) {
    return message_of<FormatError>([&] { static_cast<void>(unpack<T>(bytes)); });
}

}  // namespace

TEST_CASE("a plain value comes out as it went in, and no shorter", "[core][shipment]") {
    CHECK(trouble_with(42) == "");
    CHECK(trouble_with(std::numeric_limits<std::uint64_t>::max()) == "");
    CHECK(trouble_with(-0.5) == "");
    CHECK(trouble_with('x') == "");
    CHECK(trouble_with(true) == "");
    CHECK(trouble_with(Colour::green) == "");
    CHECK(trouble_with(Point{1.5, -2.0F}) == "");
    CHECK(trouble_with(Positive(7)) == "");
    CHECK(trouble_with(std::complex<double>(1, 2)) == "");
}

TEST_CASE("text comes out as it went in, empty, long and with zeros", "[core][shipment]") {
    CHECK(trouble_with(std::string()) == "");
    CHECK(trouble_with(std::string("short")) == "");
    CHECK(trouble_with(std::string(1000, 'x')) == "");
    CHECK(trouble_with(std::string("a\0b", 3)) == "");
}

TEST_CASE("lists of every kind come out as they went in", "[core][shipment]") {
    CHECK(trouble_with(std::vector<int>{}) == "");
    CHECK(trouble_with(std::vector<int>{1}) == "");
    CHECK(trouble_with(std::vector<double>(97, 0.25)) == "");
    CHECK(trouble_with(std::vector<Point>{{1, 2}, {3, 4}}) == "");
    CHECK(trouble_with(std::vector<Positive>{Positive(1), Positive(2)}) == "");
    CHECK(trouble_with(std::vector<bool>{}) == "");
    CHECK(trouble_with(std::vector<bool>{true, false, true}) == "");
    CHECK(trouble_with(std::vector<std::byte>(5, std::byte{9})) == "");
    CHECK(trouble_with(std::vector<std::string>{"", "a", "bc"}) == "");
    CHECK(trouble_with(std::vector<std::vector<int>>{{}, {1}, {2, 3}}) == "");
    CHECK(trouble_with(std::array<int, 1>{4}) == "");
    CHECK(trouble_with(std::array<bool, 3>{true, false, true}) == "");
    CHECK(trouble_with(std::array<std::string, 2>{"a", "b"}) == "");
    CHECK(trouble_with(std::array<Positive, 2>{Positive(1), Positive(2)}) == "");
    CHECK(trouble_with(std::vector<std::array<float, 3>>{{1, 2, 3}, {4, 5, 6}}) == "");
}

TEST_CASE("pairs, tuples and optional values come out as they went in, to any depth", "[core][shipment]") {
    CHECK(trouble_with(std::pair{1, 2.5}) == "");
    CHECK(trouble_with(std::tuple{1}) == "");
    CHECK(trouble_with(std::tuple{std::tuple{1}}) == "");
    CHECK(trouble_with(std::tuple{std::uint8_t{1}, std::string("two"), 3.0, true}) == "");
    CHECK(trouble_with(std::optional<int>()) == "");
    CHECK(trouble_with(std::optional<int>(3)) == "");
    CHECK(trouble_with(std::optional<std::string>("text")) == "");
    CHECK(trouble_with(std::optional<std::optional<int>>(std::optional<int>())) == "");
    CHECK(trouble_with(std::vector<std::pair<int, std::string>>{{1, "one"}, {2, ""}}) == "");
    using Deep = std::tuple<std::vector<std::optional<std::pair<std::array<std::vector<std::string>, 2>, bool>>>,
                            std::pair<std::vector<bool>, std::vector<std::array<std::pair<int, double>, 1>>>>;
    CHECK(trouble_with(Deep()) == "");
    CHECK(trouble_with(Deep{{std::nullopt, {{{{{"a", "bc"}, {}}}, true}}}, {{true, false}, {{{{1, 2.0}}}}}}) == "");
}

TEST_CASE("Eigen's arrays and matrices come out as they went in, extents included", "[core][shipment]") {
    CHECK(trouble_with(Eigen::ArrayXXf()) == "");
    CHECK(trouble_with(Eigen::ArrayXXf(0, 5)) == "");
    CHECK(trouble_with(Eigen::ArrayXXf(7, 0)) == "");
    CHECK(trouble_with(Eigen::ArrayXXf(Eigen::ArrayXXf::Random(3, 5))) == "");
    CHECK(trouble_with(Eigen::MatrixXd(Eigen::MatrixXd::Random(2, 7))) == "");
    CHECK(trouble_with(Eigen::Vector3d(1, 2, 3)) == "");
    CHECK(trouble_with(Eigen::Vector2f(1, 2)) == "");
    CHECK(trouble_with(Eigen::ArrayXi(Eigen::ArrayXi::LinSpaced(5, 0, 4))) == "");
    CHECK(trouble_with(Eigen::Array<bool, Eigen::Dynamic, 2>(
              Eigen::Array<bool, Eigen::Dynamic, 2>::Constant(3, 2, true))) == "");
    CHECK(trouble_with(Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>(
              Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>::Random(2, 3))) == "");
    const std::vector<Eigen::ArrayXd> list{Eigen::ArrayXd(), Eigen::ArrayXd::Random(3)};
    const auto back = unpack<std::vector<Eigen::ArrayXd>>(pack(list));
    REQUIRE(back.size() == 2);
    CHECK(back[0].size() == 0);
    CHECK((back[1] == list[1]).all());
}

TEST_CASE("a type with a shipment of its own travels by it, in a list as well as alone", "[core][shipment]") {
    CHECK(trouble_with(Peak{"alpha", {1, 2.5}}) == "");
    CHECK(trouble_with(std::vector<Peak>{{"alpha", {}}, {"beta", {3}}}) == "");
    CHECK(trouble_with(Tree{1, {{2, {}}, {3, {{4, {}}}}}}) == "");
    // Trivially copyable, yet neither its bytes alone nor those of a list of them are taken.
    CHECK(pack(Constant{&kConstants[1]}).size() == 1);
    CHECK(pack(std::vector<Constant>(3, {&kConstants[2]})).size() == sizeof(std::uint64_t) + 3);
    CHECK(pack(std::array<Constant, 2>{{{&kConstants[2]}, {&kConstants[0]}}}).size() == 2);
    CHECK(trouble_with(std::vector<Constant>{{&kConstants[1]}, {&kConstants[0]}}) == "");
    CHECK(refusal_of<std::optional<Constant>>(message(true, std::uint8_t{3})) == "no such constant");
}

TEST_CASE("whatever does not hold its value itself is refused when the program is compiled", "[core][shipment]") {
    STATIC_REQUIRE_FALSE(Shippable<int*>);
    STATIC_REQUIRE_FALSE(Shippable<const char*>);
    STATIC_REQUIRE_FALSE(Shippable<void*>);
    STATIC_REQUIRE_FALSE(Shippable<void (*)()>);
    STATIC_REQUIRE_FALSE(Shippable<int Peak::*>);
    STATIC_REQUIRE_FALSE(Shippable<int&>);
    STATIC_REQUIRE_FALSE(Shippable<const std::string&>);
    STATIC_REQUIRE_FALSE(Shippable<void>);
    STATIC_REQUIRE_FALSE(Shippable<int[3]>);
    STATIC_REQUIRE_FALSE(Shippable<std::string_view>);
    STATIC_REQUIRE_FALSE(Shippable<std::span<int>>);
    STATIC_REQUIRE_FALSE(Shippable<std::span<int, 3>>);
    STATIC_REQUIRE_FALSE(Shippable<std::reference_wrapper<int>>);
    STATIC_REQUIRE_FALSE(Shippable<std::vector<int>::iterator>);
    STATIC_REQUIRE_FALSE(Shippable<std::unique_ptr<int>>);
    STATIC_REQUIRE_FALSE(Shippable<SliceView<float>>);
    STATIC_REQUIRE_FALSE(Shippable<std::map<int, int>>);

    STATIC_REQUIRE_FALSE(Shippable<std::vector<int*>>);
    STATIC_REQUIRE_FALSE(Shippable<std::array<int*, 2>>);
    STATIC_REQUIRE_FALSE(Shippable<std::optional<int*>>);
    STATIC_REQUIRE_FALSE(Shippable<std::variant<int*, double>>);
    STATIC_REQUIRE_FALSE(Shippable<std::pair<int, std::string_view>>);
    STATIC_REQUIRE_FALSE(Shippable<std::tuple<int, const int&>>);
    STATIC_REQUIRE_FALSE(Shippable<std::vector<std::vector<std::optional<std::span<int>>>>>);
    STATIC_REQUIRE_FALSE(Shippable<ItemOf<Product<std::vector<std::string>, Range<int>>>>);
    STATIC_REQUIRE(Shippable<ItemOf<Product<Range<int>, Range<int>>>>);
}

TEST_CASE("bytes are taken as they are and in order", "[core][shipment]") {
    std::vector<std::byte> bytes{std::byte{1}};
    ByteWriter writer(bytes);
    writer.write(std::as_bytes(std::span("xyz", 3)));
    writer.write(std::uint8_t{7});
    writer.write(std::span<const std::byte>());
    CHECK(bytes == std::vector{std::byte{1}, std::byte{'x'}, std::byte{'y'}, std::byte{'z'}, std::byte{7}});

    ByteReader reader(bytes);
    CHECK(reader.remaining() == 5);
    CHECK(reader.read<std::uint8_t>() == 1);
    const auto taken = reader.read(3);
    CHECK(taken.data() == bytes.data() + 1);
    CHECK(reader.read<std::uint8_t>() == 7);
    CHECK(reader.remaining() == 0);
    CHECK(reader.read(0).empty());
    CHECK_THROWS_AS(reader.read(1), FormatError);
}

TEST_CASE("a result that was cut short is refused with the bytes wanted and left", "[core][shipment]") {
    CHECK(refusal_of<std::uint64_t>(message(std::uint8_t{1}, std::uint16_t{2})) ==
          "a result was cut short: 8 bytes wanted, 3 left");
    CHECK(refusal_of<std::vector<double>>(message(std::uint64_t{3}, 1.0, 2.0)) ==
          "a result was cut short: 3 times 8 bytes wanted, 16 left");
}

TEST_CASE("a length that lies is refused before anything is allocated for it", "[core][shipment]") {
    const std::uint64_t length = GENERATE(std::uint64_t{1} << 60, std::uint64_t{1} << 61, std::uint64_t{1} << 63,
                                          std::numeric_limits<std::uint64_t>::max(), std::uint64_t{17});
    const auto lie = message(length, std::array<char, 16>{});
    CHECK(missing_in(refusal_of<std::string>(lie), {"cut short", std::to_string(length), "16 left"}) == "");
    CHECK(missing_in(refusal_of<std::vector<char>>(lie), {"cut short", "16 left"}) == "");
    CHECK(missing_in(refusal_of<std::vector<std::array<double, 16>>>(lie), {"cut short", "16 left"}) == "");
    CHECK(missing_in(refusal_of<std::vector<bool>>(lie), {"cut short", "16 left"}) == "");
    CHECK(missing_in(refusal_of<std::vector<std::string>>(lie), {"cut short", "16 left"}) == "");
    CHECK(missing_in(refusal_of<std::vector<std::vector<int>>>(lie), {"cut short", "16 left"}) == "");
    CHECK(missing_in(refusal_of<std::vector<std::optional<Point>>>(lie), {"cut short", "16 left"}) == "");
}

TEST_CASE("a list grows with the elements that arrive, not with their announced number", "[core][shipment]") {
    // Two terabytes are announced, with a byte there for each megabyte; the third is not an element.
    constexpr std::size_t kAnnounced = 2'000'000;
    std::vector<std::byte> bytes = message(std::uint64_t{kAnnounced}, std::uint8_t{1}, std::uint8_t{1});
    bytes.resize(sizeof(std::uint64_t) + kAnnounced);
    CHECK(refusal_of<std::vector<Swollen>>(bytes) == "not swollen");
}

TEST_CASE("a matrix whose extents lie is refused before anything is allocated for it", "[core][shipment]") {
    const auto matrix = [](std::int64_t rows, std::int64_t columns) {
        return message(rows, columns, std::array<char, 16>{});
    };
    constexpr auto kLowest = std::numeric_limits<std::int64_t>::min();
    constexpr auto kHighest = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t k2To32 = std::int64_t{1} << 32;
    CHECK(missing_in(refusal_of<Eigen::ArrayXXf>(matrix(-1, 1)), {"-1 rows", "1 columns"}) == "");
    CHECK_THROWS_AS(unpack<Eigen::ArrayXXf>(matrix(0, kLowest)), FormatError);
    CHECK_THROWS_AS(unpack<Eigen::ArrayXXf>(matrix(kHighest, kHighest)), FormatError);
    CHECK_THROWS_AS(unpack<Eigen::ArrayXXf>(matrix(k2To32, k2To32)), FormatError);  // 2^64 elements: nought
    CHECK_THROWS_AS(unpack<Eigen::ArrayXXf>(matrix(4, std::int64_t{1} << 60)), FormatError);
    CHECK_THROWS_AS(unpack<Eigen::ArrayXXf>(matrix(5, 1)), FormatError);
    CHECK_THROWS_AS(unpack<Eigen::ArrayXXf>(matrix(1, 5)), FormatError);
    CHECK_THROWS_AS(unpack<Eigen::ArrayXf>(matrix(2, 2)), FormatError);   // a column has one column
    CHECK_THROWS_AS(unpack<Eigen::Vector3f>(matrix(4, 1)), FormatError);  // and this one three rows
    CHECK_THROWS_AS(unpack<Eigen::Vector3f>(matrix(2, 1)), FormatError);
    using Small = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, 2, 2>;
    CHECK_THROWS_AS(unpack<Small>(matrix(4, 1)), FormatError);
    CHECK(unpack<Small>(matrix(2, 2)).size() == 4);
    CHECK(unpack<Eigen::ArrayXXf>(matrix(2, 2)).size() == 4);
}

TEST_CASE("any byte makes a bool", "[core][shipment]") {
    const auto bytes = message(std::uint8_t{2}, std::uint8_t{0}, std::uint8_t{255});
    CHECK(unpack<std::array<bool, 3>>(bytes) == std::array{true, false, true});
}

TEST_CASE("random results come out as they went in, and random bytes do no harm", "[core][shipment]") {
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto below = [&](unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random); };
    using Row = std::tuple<std::vector<std::pair<int, std::string>>, std::optional<std::vector<double>>,
                           std::vector<bool>, std::array<std::optional<Peak>, 2>>;
    const auto any_text = [&] {
        std::string text(below(20), '\0');
        for (char& c : text) c = static_cast<char>(below(256));
        return text;
    };
    const auto any_peak = [&]() -> std::optional<Peak> {
        if (below(2) == 0) return std::nullopt;
        return Peak{any_text(), std::vector<double>(below(4), below(100))};
    };
    std::string trouble;
    for (int round = 0; round < 100 && trouble.empty(); ++round) {
        Row row;
        for (unsigned i = below(6); i > 0; --i) std::get<0>(row).emplace_back(static_cast<int>(random()), any_text());
        if (below(2) == 0) std::get<1>(row).emplace(below(9), below(100));
        for (unsigned i = below(20); i > 0; --i) std::get<2>(row).push_back(below(2) == 0);
        std::get<3>(row) = {any_peak(), any_peak()};
        trouble = trouble_with(row);

        // One byte changed, anywhere: it is another row or none.
        auto bytes = pack(row);
        bytes[below(static_cast<unsigned>(bytes.size()))] = static_cast<std::byte>(below(256));
        try {
            static_cast<void>(unpack<Row>(bytes));
        } catch (const FormatError&) {
        }
    }
    CHECK(trouble == "");
}
