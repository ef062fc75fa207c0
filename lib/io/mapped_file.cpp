#include "io/mapped_file.hpp"

#include <utility>

namespace slicepool::io {
namespace {

/// Where an empty volume starts: strides may be added to it, nothing is ever read there.
std::byte no_pixels{};

std::uint64_t page_start(std::uint64_t offset) noexcept { return offset - offset % os::page_bytes(); }

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::map(os::FileDescriptor file, std::uint64_t data_offset, std::size_t bytes,
                                                  os::Access access, std::string_view what) {
    const std::uint64_t start = page_start(data_offset);
    os::Mapping mapping;
    if (bytes > 0)
        mapping = os::Mapping::of_file(file.get(), start, os::whole_pages(bytes + (data_offset - start)), access, what);
    return std::shared_ptr<const MappedFile>(new MappedFile(std::move(file), std::move(mapping), data_offset, access));
}

MappedFile::MappedFile(os::FileDescriptor file, os::Mapping mapping, std::uint64_t data_offset, os::Access access)
    : Storage(mapping.range(), access == os::Access::read_write, 0),
      file_(std::move(file)),
      mapping_(std::move(mapping)),
      offset_(page_start(data_offset)),
      data_(mapping_.size() == 0 ? &no_pixels : mapping_.data() + (data_offset - offset_)) {}

}  // namespace slicepool::io
