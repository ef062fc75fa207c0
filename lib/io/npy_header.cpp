#include "io/npy_header.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "io/npy_dictionary.hpp"
#include "io/shown_text.hpp"

namespace slicepool::io {
namespace {

static_assert(std::endian::native == std::endian::little, "pixels are mapped as they are in little-endian files");

constexpr std::string_view kMagic{"\x93NUMPY", 6};
constexpr std::size_t kLongestHeader = std::size_t{1} << 20;

struct PixelCode {
    std::string_view code;  // without the byte order
    DType dtype;
};
constexpr std::array kPixelCodes{PixelCode{"u1", DType::u8},  PixelCode{"u2", DType::u16}, PixelCode{"i2", DType::i16},
                                 PixelCode{"i4", DType::i32}, PixelCode{"f4", DType::f32}, PixelCode{"f8", DType::f64}};

/// '<' and '>' are byte orders, '|' stands where a pixel is one byte.
bool is_byte_order(char order, DType dtype) {
    return order == '<' || order == '>' || (order == '|' && size_of(dtype) == 1);
}

/// "<i8" -> "int64 ('<i8')"; what we cannot name is shown as it stands, made fit for a terminal.
std::string readable_type(const std::string& descr) {
    const auto named = [&](std::string_view name) { return fmt::format("{} ('{}')", name, shown_text(descr)); };
    if (descr.starts_with('[')) return "structured";
    if (descr.size() < 2) return fmt::format("'{}'", shown_text(descr));
    const std::string_view size = std::string_view(descr).substr(2);
    const int bits = size.size() == 1 && size[0] >= '1' && size[0] <= '8' ? (size[0] - '0') * 8
                     : size == "16"                                       ? 128
                                                                          : 0;
    switch (descr[1]) {
        case 'b': return named("bool");
        case 'i': return bits == 0 ? named("integer") : named(fmt::format("int{}", bits));
        case 'u': return bits == 0 ? named("integer") : named(fmt::format("uint{}", bits));
        case 'f': return bits == 0 ? named("float") : named(fmt::format("float{}", bits));
        case 'c': return bits == 0 ? named("complex") : named(fmt::format("complex{}", bits));
        case 'O': return named("object");
        case 'S':
        case 'a':
        case 'U': return named("string");
        case 'M': return named("datetime");
        case 'm': return named("timedelta");
        default: return fmt::format("'{}'", shown_text(descr));
    }
}

}  // namespace

NpyPreamble parse_npy_preamble(std::string_view start, std::string_view file) {
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(start[at])); };
    if (!start.starts_with(kMagic)) throw FormatError(fmt::format("'{}' is not a NumPy .npy file", file));
    const auto need = [&](std::size_t bytes) {
        if (start.size() < bytes)
            throw FormatError(fmt::format("'{}' is cut off within the first {} bytes of its .npy header", file, bytes));
    };
    need(10);
    const std::size_t major = byte(6);
    if (major < 1 || major > 3 || byte(7) != 0)
        throw FormatError(
            fmt::format("'{}' is of .npy version {}.{}; versions 1.0, 2.0 and 3.0 are read", file, major, byte(7)));
    if (major == 1) return {10, byte(8) | byte(9) << 8};
    need(12);
    const std::size_t length = byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
    if (length > kLongestHeader)
        throw FormatError(fmt::format("'{}': its .npy header claims to be {} bytes long; at most {} are read", file,
                                      length, kLongestHeader));
    return {12, length};
}

NpyHeader parse_npy_header(std::string_view text, std::string_view file) {
    NpyDictionary dictionary = parse_npy_dictionary(text, file);
    NpyHeader header;
    header.array.shape = std::move(dictionary.shape);
    header.fortran_order = dictionary.fortran_order;
    header.descr = std::move(dictionary.descr);
    for (const PixelCode& pixel : kPixelCodes) {
        if (header.descr.size() != 3 || header.descr.substr(1) != pixel.code) continue;
        if (!is_byte_order(header.descr[0], pixel.dtype)) continue;
        header.array.dtype = pixel.dtype;
        header.byte_swapped = header.descr[0] == '>' && size_of(pixel.dtype) > 1;
    }
    header.array.type_name =
        header.array.dtype ? std::string(name_of(*header.array.dtype)) : readable_type(header.descr);
    return header;
}

std::string npy_file_start(DType dtype, const Shape& shape) {
    const auto* const pixel = std::ranges::find(kPixelCodes, dtype, &PixelCode::dtype);
    std::string start(kMagic);
    const std::size_t header_bytes = kNpyDataOffset - 10;
    start += {'\x01', '\x00', static_cast<char>(header_bytes & 0xff), static_cast<char>(header_bytes >> 8)};
    start += fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': {}, }}", size_of(dtype) == 1 ? '|' : '<',
                         pixel->code, to_string(shape));
    start.resize(kNpyDataOffset - 1, ' ');
    return start += '\n';
}

}  // namespace slicepool::io
