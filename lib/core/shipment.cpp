#include <slicepool/core/shipment.hpp>

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <string>

namespace slicepool {

void ByteWriter::write(std::span<const std::byte> bytes) { target_.insert(target_.end(), bytes.begin(), bytes.end()); }

std::span<const std::byte> ByteReader::read(std::size_t count) {
    require(count, 1);
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
}

std::size_t ByteReader::read_count(std::size_t element_bytes) {
    const auto count = read<std::uint64_t>();
    require(count, element_bytes);
    return count;
}

void ByteReader::require(std::size_t count, std::size_t element_bytes) const {
    if (count <= remaining() / element_bytes) return;
    const std::string wanted =
        element_bytes == 1 ? fmt::format("{}", count) : fmt::format("{} times {}", count, element_bytes);
    throw FormatError(fmt::format("a result was cut short: {} bytes wanted, {} left", wanted, remaining()));
}

void detail::expect_end(const ByteReader& reader) {
    if (reader.remaining() > 0) throw FormatError(fmt::format("a result has {} bytes too many", reader.remaining()));
}

void detail::refuse_extents(std::int64_t rows, std::int64_t columns) {
    throw FormatError(fmt::format("a result is no matrix of its type: it has {} rows and {} columns", rows, columns));
}

}  // namespace slicepool
