// mapped_file.hpp: pixels that stay in their file and are mapped from there.
// It knows where they are, not what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "memory/storage.hpp"
#include "os/file_descriptor.hpp"
#include "os/mapping.hpp"

namespace slicepool::io {

/// A range of a file, shared with everyone who maps it. Keeps the file open, so that worker processes made earlier can
/// map it for themselves.
class MappedFile final : public Storage {
public:
    /// Maps `bytes` from byte `data_offset` of the open file, which the caller has seen to be that long: a page beyond
    /// the end faults when touched. No bytes, no mapping: range() is then empty. `access` is read or read_write.
    /// Throws SystemError naming `what`.
    [[nodiscard]] static std::shared_ptr<const MappedFile> map(os::FileDescriptor file, std::uint64_t data_offset,
                                                               std::size_t bytes, os::Access access,
                                                               std::string_view what);

    /// The byte at `data_offset`; never null, also when there are no bytes.
    [[nodiscard]] std::byte* data() const noexcept { return data_; }

    [[nodiscard]] int descriptor() const noexcept override { return file_.get(); }
    [[nodiscard]] std::uint64_t offset() const noexcept override { return offset_; }

private:
    MappedFile(os::FileDescriptor file, os::Mapping mapping, std::uint64_t data_offset, os::Access access);

    os::FileDescriptor file_;
    os::Mapping mapping_;
    std::uint64_t offset_;
    std::byte* data_;
};

}  // namespace slicepool::io
