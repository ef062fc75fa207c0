#include "io/npy_file.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "io/mapped_file.hpp"
#include "io/memory_to_read_into.hpp"
#include "io/npy_header.hpp"

namespace slicepool::io {
namespace {

namespace fs = std::filesystem;

struct NpyArray {
    NpyHeader header;
    std::uint64_t data_offset = 0;
};

std::string read_text(const InputFile& file, std::uint64_t offset, std::size_t bytes, const std::string& name) {
    std::string text(bytes, '\0');
    text.resize(os::read_at(file.descriptor.get(), std::as_writable_bytes(std::span(text)), offset, name));
    return text;
}

NpyArray read_header(const InputFile& file, const std::string& name) {
    const NpyPreamble preamble = parse_npy_preamble(read_text(file, 0, kLongestNpyPreamble, name), name);
    const std::string text = read_text(file, preamble.bytes, preamble.header_bytes, name);
    if (text.size() < preamble.header_bytes)
        throw FormatError(fmt::format("'{}' is cut off within its .npy header: {} bytes are missing", name,
                                      preamble.header_bytes - text.size()));
    return {parse_npy_header(text, name), preamble.bytes + preamble.header_bytes};
}

/// Why the array is no volume in this file; empty when it is one.
std::string npy_objection(const NpyArray& array, const InputFile& file) {
    if (std::string why = objection(array.header.array); !why.empty()) return why;
    const std::uint64_t bytes = checked_bytes(shape_of(array.header.array), *array.header.array.dtype);
    if (bytes <= file.bytes - array.data_offset) return {};
    return fmt::format("is cut off: {} {} pixels need {} bytes after the header, {} of them are missing",
                       shape_text(array.header.array.shape), array.header.array.type_name, bytes,
                       bytes - (file.bytes - array.data_offset));
}

Strides strides_of(const NpyHeader& header, const Shape& shape) {
    if (!header.fortran_order) return contiguous_strides(shape, *header.array.dtype);
    const Strides reversed = contiguous_strides({shape.width, shape.height, shape.depth}, *header.array.dtype);
    return {reversed[2], reversed[1], reversed[0]};
}

bool mapped_in_place(const NpyArray& array) {
    return !array.header.byte_swapped && array.data_offset % size_of(*array.header.array.dtype) == 0;
}

template <class Word, auto Swap>
void swap_words(std::span<std::byte> bytes) {
    for (std::size_t at = 0; at + sizeof(Word) <= bytes.size(); at += sizeof(Word)) {
        Word word{};
        std::memcpy(&word, bytes.data() + at, sizeof(Word));
        word = Swap(word);
        std::memcpy(bytes.data() + at, &word, sizeof(Word));
    }
}

void swap_bytes(std::span<std::byte> pixels, std::size_t pixel_bytes) {
    constexpr auto swap2 = [](std::uint16_t word) { return __builtin_bswap16(word); };
    constexpr auto swap4 = [](std::uint32_t word) { return __builtin_bswap32(word); };
    constexpr auto swap8 = [](std::uint64_t word) { return __builtin_bswap64(word); };
    if (pixel_bytes == 2) swap_words<std::uint16_t, swap2>(pixels);
    if (pixel_bytes == 4) swap_words<std::uint32_t, swap4>(pixels);
    if (pixel_bytes == 8) swap_words<std::uint64_t, swap8>(pixels);
}

AnyVolume read_pixels(const NpyArray& array, const InputFile& file, const std::string& name) {
    const Shape shape = shape_of(array.header.array);
    const DType dtype = *array.header.array.dtype;
    const AnyVolume memory =
        memory_to_read_into(dtype, shape, name,
                            array.header.byte_swapped
                                ? "is big-endian"
                                : fmt::format("has its {}-byte pixels at byte {}", size_of(dtype), array.data_offset));
    const std::span<std::byte> pixels(memory.data(), memory.bytes());
    if (os::read_at(file.descriptor.get(), pixels, array.data_offset, name) != pixels.size())
        throw FormatError(fmt::format("'{}' became shorter while it was read", name));
    if (array.header.byte_swapped) swap_bytes(pixels, size_of(dtype));
    return AnyVolume::over(memory.storage(), memory.data(), dtype, shape, strides_of(array.header, shape));
}

}  // namespace

AnyVolume open_npy(InputFile file, const fs::path& path) {
    const std::string& name = path.native();
    const NpyArray array = read_header(file, name);
    if (const std::string why = npy_objection(array, file); !why.empty())
        throw FormatError(fmt::format("'{}' {}", name, why));
    if (!mapped_in_place(array)) return read_pixels(array, file, name);
    const Shape shape = shape_of(array.header.array);
    const DType dtype = *array.header.array.dtype;
    std::shared_ptr<const MappedFile> mapped = MappedFile::map(std::move(file.descriptor), array.data_offset,
                                                               checked_bytes(shape, dtype), os::Access::read, name);
    std::byte* const data = mapped->data();
    return AnyVolume::over(std::move(mapped), data, dtype, shape, strides_of(array.header, shape));
}

DatasetInfo inspect_npy(const InputFile& file, const fs::path& path) {
    const NpyArray array = read_header(file, path.native());
    DatasetInfo info{.shape = array.header.array.shape, .dtype = array.header.array.type_name};
    info.why_not = npy_objection(array, file);
    info.volume = info.why_not.empty();
    info.storage = array.header.fortran_order ? "Fortran order" : "C order";
    if (array.header.byte_swapped) info.storage += ", big-endian";
    if (info.volume) info.storage += mapped_in_place(array) ? ", mapped in place" : ", read into memory";
    return info;
}

}  // namespace slicepool::io
