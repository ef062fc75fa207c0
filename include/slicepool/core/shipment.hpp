// shipment.hpp: how a result travels from a worker process to the caller: as bytes, each type in its own way.
// It does not send them. Both ends are one program on one machine: there is no byte order and no version in the bytes.
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace slicepool {

class ByteWriter;
class ByteReader;

/// How a T is written and read back. There is one for every trivially copyable type, std::string, std::vector, std::array,
/// std::pair, std::tuple, std::optional, Eigen::Array and Eigen::Matrix, of one another to any depth. For a type of your
/// own, before its first use:
///
///     template <>
///     struct slicepool::Shipment<Peak> {
///         static void write(const Peak& peak, ByteWriter& writer) {
///             writer.write(peak.name);
///             writer.write(peak.heights);
///         }
///         static Peak read(ByteReader& reader) {
///             auto name = reader.read<std::string>();
///             return {std::move(name), reader.read<std::vector<double>>()};
///         }
///     };
///
/// read takes exactly what write wrote, which is at least one byte, and throws FormatError when that cannot have been
/// written: the bytes come from a process that may have gone wrong.
/// An address means nothing in another process. Pointers, references, iterators and views are refused. A trivially
/// copyable struct or lambda that has one inside cannot be told from others: its bytes travel, and must not be followed.
template <class T>
struct Shipment;

/// A value that can travel: a Shipment<T> is there.
template <class T>
concept Shippable = requires(const T& value, ByteWriter& writer, ByteReader& reader) {
    Shipment<T>::write(value, writer);
    { Shipment<T>::read(reader) } -> std::same_as<T>;
};

/// Appends to a vector that it borrows.
class ByteWriter {
public:
    explicit ByteWriter(std::vector<std::byte>& target) noexcept : target_(target) {}

    /// The bytes as they are, without their number. They must not lie in the vector that is written to.
    void write(std::span<const std::byte> bytes);
    template <Shippable T>
    void write(const T& value) {
        Shipment<T>::write(value, *this);
    }

private:
    std::vector<std::byte>& target_;
};

/// Takes values from the front of bytes that it borrows. Whatever the bytes are, it reads no others, and nothing is
/// allocated that they could not fill. What is left after an exception is unspecified.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size(); }

    /// The next `count` bytes; valid as long as those behind the reader. Throws FormatError when there are fewer.
    std::span<const std::byte> read(std::size_t count);
    /// Throws FormatError when the bytes left are too few or cannot be a T.
    template <Shippable T>
    T read() {
        return Shipment<T>::read(*this);
    }

    /// A number of elements, written as std::uint64_t, that take at least `element_bytes` each. Throws FormatError when
    /// fewer bytes are left than that.
    std::size_t read_count(std::size_t element_bytes);
    /// Throws FormatError when fewer bytes are left than `count` times `element_bytes`, which may exceed 2^64.
    void require(std::size_t count, std::size_t element_bytes) const;

private:
    std::span<const std::byte> bytes_;
};

namespace detail {

template <class T>
inline constexpr bool refers_elsewhere =
    std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::input_or_output_iterator<T> || std::ranges::view<T>;
template <class T>
inline constexpr bool refers_elsewhere<std::reference_wrapper<T>> = true;

/// Types whose bytes are all there is to know. Those made of others answer for each of them instead.
template <class T>
inline constexpr bool is_plain = !refers_elsewhere<T> && std::move_constructible<T> && std::is_trivially_copyable_v<T>;
template <class T, std::size_t N>
inline constexpr bool is_plain<std::array<T, N>> = false;
template <class T>
inline constexpr bool is_plain<std::optional<T>> = false;
template <class First, class Second>
inline constexpr bool is_plain<std::pair<First, Second>> = false;
template <class... T>
inline constexpr bool is_plain<std::tuple<T...>> = false;
template <class... T>
inline constexpr bool is_plain<std::variant<T...>> = false;
template <class T, int... Shape>
inline constexpr bool is_plain<Eigen::Array<T, Shape...>> = false;
template <class T, int... Shape>
inline constexpr bool is_plain<Eigen::Matrix<T, Shape...>> = false;

template <class T>
struct AsBytes {
    static void write(const T& value, ByteWriter& writer) {
        writer.write(std::as_bytes(std::span<const T, 1>(std::addressof(value), 1)));
    }
    static T read(ByteReader& reader) {
        std::array<std::byte, sizeof(T)> bytes;
        std::memcpy(bytes.data(), reader.read(sizeof(T)).data(), sizeof(T));
        return std::bit_cast<T>(bytes);
    }
};

}  // namespace detail

template <class T>
    requires detail::is_plain<T>
struct Shipment<T> : detail::AsBytes<T> {
};

/// Not its byte alone: one that is neither 0 nor 1 would make no bool.
template <>
struct Shipment<bool> {
    static void write(bool value, ByteWriter& writer) { writer.write(static_cast<std::uint8_t>(value)); }
    static bool read(ByteReader& reader) { return reader.read<std::uint8_t>() != 0; }
};

template <>
struct Shipment<std::string> {
    static void write(const std::string& text, ByteWriter& writer) {
        writer.write(std::uint64_t{text.size()});
        writer.write(std::as_bytes(std::span(text)));
    }
    static std::string read(ByteReader& reader) {
        const auto bytes = reader.read(reader.read_count(1));
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

namespace detail {

/// Elements that travel as they lie in memory, all at once. A type that has a Shipment of its own is not one of them,
/// trivially copyable or not.
template <Shippable T>
inline constexpr bool travels_as_bytes = std::derived_from<Shipment<T>, AsBytes<T>>;
template <Shippable T>
inline constexpr std::size_t least_bytes = travels_as_bytes<T> ? sizeof(T) : 1;

template <std::ranges::sized_range Elements>
void write_elements(const Elements& elements, ByteWriter& writer) {
    using T = std::ranges::range_value_t<Elements>;
    if constexpr (travels_as_bytes<T>)
        writer.write(std::as_bytes(std::span(elements)));
    else
        for (const T& element : elements) writer.write(element);
}

template <class T, std::size_t Extent>
void read_elements(std::span<T, Extent> elements, ByteReader& reader) {
    if constexpr (travels_as_bytes<T>)
        std::ranges::copy(reader.read(elements.size_bytes()), std::as_writable_bytes(elements).begin());
    else
        for (T& element : elements) element = reader.read<T>();
}

template <class Array>
struct AsElements {
    static void write(const Array& array, ByteWriter& writer) { write_elements(array, writer); }
    static Array read(ByteReader& reader) {
        Array array;
        read_elements(std::span(array), reader);
        return array;
    }
};

}  // namespace detail

template <Shippable T>
struct Shipment<std::vector<T>> {
    static void write(const std::vector<T>& values, ByteWriter& writer) {
        writer.write(std::uint64_t{values.size()});
        detail::write_elements(values, writer);
    }
    static std::vector<T> read(ByteReader& reader) {
        const std::size_t count = reader.read_count(detail::least_bytes<T>);
        if constexpr (detail::travels_as_bytes<T> && std::default_initializable<T>) {
            std::vector<T> values(count);
            detail::read_elements(std::span(values), reader);
            return values;
        } else {
            // Grows as they arrive: there may be fewer, and each far larger than the bytes it takes at least.
            std::vector<T> values;
            for (std::size_t i = 0; i < count; ++i) values.push_back(reader.read<T>());
            return values;
        }
    }
};

template <Shippable T, std::size_t N>
    requires(N > 0 && (detail::travels_as_bytes<T> || std::default_initializable<T>))
struct Shipment<std::array<T, N>> : std::conditional_t<detail::travels_as_bytes<T>, detail::AsBytes<std::array<T, N>>,
                                                       detail::AsElements<std::array<T, N>>> {};

template <Shippable First, Shippable Second>
struct Shipment<std::pair<First, Second>> {
    static void write(const std::pair<First, Second>& pair, ByteWriter& writer) {
        writer.write(pair.first);
        writer.write(pair.second);
    }
    static std::pair<First, Second> read(ByteReader& reader) {
        return std::pair<First, Second>{reader.read<First>(), reader.read<Second>()};  // braces: from left to right
    }
};

template <Shippable... T>
    requires(sizeof...(T) > 0)
struct Shipment<std::tuple<T...>> {
    static void write(const std::tuple<T...>& tuple, ByteWriter& writer) {
        std::apply([&](const T&... elements) { (writer.write(elements), ...); }, tuple);
    }
    static std::tuple<T...> read(ByteReader& reader) { return std::tuple<T...>{reader.read<T>()...}; }
};

template <Shippable T>
struct Shipment<std::optional<T>> {
    static void write(const std::optional<T>& value, ByteWriter& writer) {
        writer.write(value.has_value());
        if (value) writer.write(*value);
    }
    static std::optional<T> read(ByteReader& reader) {
        return reader.read<bool>() ? std::optional<T>(reader.read<T>()) : std::nullopt;
    }
};

namespace detail {

/// Throws FormatError: no matrix of the type asked for has these extents.
[[noreturn]] void refuse_extents(std::int64_t rows, std::int64_t columns);

/// Rows, columns, coefficients.
template <class Matrix>
struct AsMatrix {
    static void write(const Matrix& matrix, ByteWriter& writer) {
        writer.write(std::int64_t{matrix.rows()});
        writer.write(std::int64_t{matrix.cols()});
        write_elements(std::span(matrix.data(), static_cast<std::size_t>(matrix.size())), writer);
    }
    static Matrix read(ByteReader& reader) {
        const auto rows = reader.read<std::int64_t>();
        const auto columns = reader.read<std::int64_t>();
        if (!may_be(rows, Matrix::RowsAtCompileTime, Matrix::MaxRowsAtCompileTime) ||
            !may_be(columns, Matrix::ColsAtCompileTime, Matrix::MaxColsAtCompileTime))
            refuse_extents(rows, columns);
        if (rows > 0 && columns > 0) {
            constexpr std::size_t kBytes = least_bytes<typename Matrix::Scalar>;
            reader.require(static_cast<std::size_t>(rows), kBytes);
            reader.require(static_cast<std::size_t>(columns), static_cast<std::size_t>(rows) * kBytes);
        }
        Matrix matrix;
        matrix.resize(rows, columns);
        read_elements(std::span(matrix.data(), static_cast<std::size_t>(matrix.size())), reader);
        return matrix;
    }

private:
    static bool may_be(std::int64_t extent, std::int64_t fixed, std::int64_t most) {
        return extent >= 0 && (fixed == Eigen::Dynamic || extent == fixed) &&
               (most == Eigen::Dynamic || extent <= most);
    }
};

}  // namespace detail

template <Shippable T, int... Shape>
struct Shipment<Eigen::Array<T, Shape...>> : detail::AsMatrix<Eigen::Array<T, Shape...>> {};
template <Shippable T, int... Shape>
struct Shipment<Eigen::Matrix<T, Shape...>> : detail::AsMatrix<Eigen::Matrix<T, Shape...>> {};

namespace detail {
/// Throws FormatError when bytes are left.
void expect_end(const ByteReader& reader);
}  // namespace detail

/// The bytes of one value. Throws what its Shipment throws.
template <class T>
[[nodiscard]] std::vector<std::byte> pack(const T& value) {
    static_assert(Shippable<T>,
                  "this type cannot travel from a worker process to the caller. Return values instead of pointers, "
                  "references, iterators and views: std::string for std::string_view, std::vector for std::span; for "
                  "a type of your own, specialise slicepool::Shipment.");
    std::vector<std::byte> bytes;
    ByteWriter(bytes).write(value);
    return bytes;
}

/// The value behind all the bytes. Throws FormatError when they are too few, too many or cannot be a T.
template <Shippable T>
[[nodiscard]] T unpack(std::span<const std::byte> bytes) {
    ByteReader reader(bytes);
    T value = reader.read<T>();
    detail::expect_end(reader);
    return value;
}

}  // namespace slicepool
