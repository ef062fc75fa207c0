// reference_data.hpp: NumPy .npy files as plain vectors, for tests that compare with stored results of the references.
// Little-endian, C order, one to three dimensions; not the library's own reader of .npy (that one maps files).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <slicepool/core/dtype.hpp>

namespace slicepool::reference {

/// Pixels as bytes, with what NumPy said about them.
struct Array {
    std::vector<std::int64_t> shape;
    DType dtype = DType::f64;
    std::vector<std::byte> bytes;

    [[nodiscard]] std::int64_t count() const {
        std::int64_t product = 1;
        for (const std::int64_t extent : shape) product *= extent;
        return product;
    }
    /// The values as T, converted by static_cast.
    template <PixelType T>
    [[nodiscard]] std::vector<T> values() const {
        std::vector<T> result;
        visit_dtype(dtype, [&]<class Stored>(std::type_identity<Stored>) {
            const auto* first = reinterpret_cast<const Stored*>(bytes.data());
            std::transform(first, first + count(), std::back_inserter(result),
                           [](Stored value) { return static_cast<T>(value); });
        });
        return result;
    }
};

namespace detail {
inline constexpr std::array<std::pair<std::string_view, DType>, 6> kDescriptions{{{"|u1", DType::u8},
                                                                                  {"<u2", DType::u16},
                                                                                  {"<i2", DType::i16},
                                                                                  {"<i4", DType::i32},
                                                                                  {"<f4", DType::f32},
                                                                                  {"<f8", DType::f64}}};

inline std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before);
    const auto end = begin == text.npos ? text.npos : text.find(after, begin + before.size());
    if (end == text.npos) throw std::runtime_error(fmt::format("no {}...{} in the .npy header", before, after));
    return text.substr(begin + before.size(), end - begin - before.size());
}
}  // namespace detail

/// Reads a version 1 .npy file of one of the six pixel types. Throws std::runtime_error naming the file.
inline Array load_npy(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.size() < 10 || text.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0)
        throw std::runtime_error(path + " is missing or not a version 1 .npy file");
    const auto header_bytes = static_cast<std::size_t>(static_cast<unsigned char>(text[8])) +
                              256 * static_cast<std::size_t>(static_cast<unsigned char>(text[9]));
    const std::string_view header = std::string_view(text).substr(10, header_bytes);
    Array array;
    const std::string_view description = detail::between(header, "'descr': '", "'");
    const auto* known = std::find_if(detail::kDescriptions.begin(), detail::kDescriptions.end(),
                                     [&](const auto& entry) { return entry.first == description; });
    if (known == detail::kDescriptions.end())
        throw std::runtime_error(fmt::format("{}: pixel type {} is not one of the six", path, description));
    if (header.find("'fortran_order': False") == header.npos) throw std::runtime_error(path + " is not in C order");
    array.dtype = known->second;
    std::string_view extents = detail::between(header, "'shape': (", ")");
    while (!extents.empty()) {
        const auto comma = std::min(extents.find(','), extents.size());
        const std::string extent(extents.substr(0, comma));
        if (extent.find_first_of("0123456789") != extent.npos) array.shape.push_back(std::stoll(extent));
        extents.remove_prefix(std::min(comma + 1, extents.size()));
    }
    const std::size_t data = 10 + header_bytes;
    if (text.size() - data != static_cast<std::size_t>(array.count()) * size_of(array.dtype))
        throw std::runtime_error(path + ": size and header disagree");
    array.bytes.resize(text.size() - data);
    if (!array.bytes.empty()) std::memcpy(array.bytes.data(), text.data() + data, array.bytes.size());
    return array;
}

/// Writes a version 1 .npy file. Throws std::runtime_error naming the file.
inline void save_npy(const std::string& path, const Array& array) {
    std::string shape;
    for (const std::int64_t extent : array.shape) shape += fmt::format("{}, ", extent);
    const auto* known = std::find_if(detail::kDescriptions.begin(), detail::kDescriptions.end(),
                                     [&](const auto& entry) { return entry.second == array.dtype; });
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", known->first, shape);
    header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
    header += '\n';
    std::ofstream file(path, std::ios::binary);
    file.write("\x93NUMPY\x01\x00", 8);
    file.put(static_cast<char>(header.size() % 256)).put(static_cast<char>(header.size() / 256));
    file << header;
    file.write(reinterpret_cast<const char*>(array.bytes.data()), static_cast<std::streamsize>(array.bytes.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace slicepool::reference
