#include <slicepool/io/output.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>
#include <slicepool/io/location.hpp>

#include "io/array_facts.hpp"
#include "io/file_kind.hpp"
#include "io/hdf5_file.hpp"
#include "io/mapped_file.hpp"
#include "io/npy_header.hpp"
#include "io/partial_file.hpp"
#include "os/file_descriptor.hpp"

namespace slicepool::io {
namespace {

FileKind kind_by_name(const Location& location) {
    const std::string& name = location.file.native();
    if (has_hdf5_suffix(location.file)) return FileKind::hdf5;
    if (!has_npy_suffix(location.file))
        throw InvalidArgument(fmt::format("output '{}': the name must end in .npy, .h5, .hdf5, .hdf or .nxs", name));
    if (!location.dataset.empty())
        throw InvalidArgument(fmt::format(
            "output '{}' is a .npy file and holds one array without a name: leave out ':{}'", name, location.dataset));
    return FileKind::npy;
}

/// Throws InvalidArgument where checked_bytes does, and for empty shapes whose strides would not fit.
std::size_t bytes_to_write(const Shape& shape, DType dtype) {
    const std::size_t bytes = checked_bytes(shape, dtype);
    const ArrayFacts facts{{shape.depth, shape.height, shape.width}, dtype, std::string(name_of(dtype))};
    if (const std::string why = objection(facts); !why.empty()) throw InvalidArgument("the output " + why);
    return bytes;
}

std::uint64_t lay_out_npy(int fd, DType dtype, const Shape& shape, const std::string& name) {
    const std::string start = npy_file_start(dtype, shape);
    os::write_at(fd, std::as_bytes(std::span(start)), 0, name);
    return kNpyDataOffset;
}

}  // namespace

struct OutputFile::State {
    PartialFile partial;
    std::shared_ptr<const MappedFile> pixels;
    AnyVolume volume;
};

OutputFile OutputFile::create(std::string_view location_text, DType dtype, const Shape& shape) {
    const Location location = parse_location(location_text);
    const FileKind kind = kind_by_name(location);
    const std::string& name = location.file.native();
    if (kind == FileKind::hdf5) require_hdf5(location.file);
    const std::size_t bytes = bytes_to_write(shape, dtype);

    std::unique_ptr<State> state(new State{
        PartialFile(location.file, kind == FileKind::npy ? Existing::replace : Existing::refuse), nullptr, {}});
    os::FileDescriptor file = state->partial.take_descriptor();
    // Before HDF5 makes the file longer in its own way: a full disk or a file size limit shows here, as an exception.
    os::reserve_blocks(file.get(), kNpyDataOffset + bytes, name);
    const std::uint64_t data_offset = kind == FileKind::npy
                                          ? lay_out_npy(file.get(), dtype, shape, name)
                                          : lay_out_hdf5(state->partial.path(), location.dataset, dtype, shape);
    if (kind == FileKind::hdf5) {
        const std::uint64_t laid_out = os::identity(file.get(), name).size;
        os::reserve_blocks(file.get(), std::max<std::uint64_t>(laid_out, data_offset + bytes), name);
    }
    state->pixels = MappedFile::map(std::move(file), data_offset, bytes, os::Access::read_write, name);
    state->volume =
        AnyVolume::over(state->pixels, state->pixels->data(), dtype, shape, contiguous_strides(shape, dtype));
    return OutputFile(std::move(state));
}

OutputFile::OutputFile(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile& OutputFile::operator=(OutputFile&&) noexcept = default;
OutputFile::~OutputFile() = default;

const AnyVolume& OutputFile::volume() const noexcept { return state_->volume; }

void OutputFile::commit() { state_->partial.commit(state_->pixels->descriptor()); }

}  // namespace slicepool::io
