// Finds the dataset that is meant and brings its pixels: mapped where they are, else read through the library.
#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "io/hdf5_file.hpp"
#include "io/hdf5_listing.hpp"
#include "io/hdf5_session.hpp"
#include "io/mapped_file.hpp"
#include "io/memory_to_read_into.hpp"
#include "io/nearest_name.hpp"
#include "os/file_descriptor.hpp"

namespace slicepool::io {
namespace {

/// "/a (3, 4) float64; /b () string; and 5 more", or "nothing".
std::string enumerate(std::span<const Hdf5Entry> entries) {
    constexpr std::size_t kMost = 20;
    std::string text = entries.empty() ? "nothing" : "";
    for (std::size_t i = 0; i < std::min(entries.size(), kMost); ++i) text += (i > 0 ? "; " : "") + summary(entries[i]);
    return entries.size() > kMost ? fmt::format("{}; and {} more", text, entries.size() - kMost) : text;
}

std::string the_only_volume(hid_t file, const std::string& name) {
    const std::vector<Hdf5Entry> entries = list_datasets(file, name, "/");
    std::vector<Hdf5Entry> volumes;
    std::ranges::copy_if(entries, std::back_inserter(volumes), [](const Hdf5Entry& e) { return objection(e).empty(); });
    if (volumes.size() == 1) return volumes.front().path;
    if (volumes.empty())
        throw FormatError(fmt::format("'{}' has no dataset that is a volume (3 dimensions, {}); it holds: {}", name,
                                      kTypesTaken, enumerate(entries)));
    throw InvalidArgument(fmt::format("'{}' holds {} volumes, say which one, as in '{}:{}': {}", name, volumes.size(),
                                      name, volumes.front().path, enumerate(volumes)));
}

[[noreturn]] void no_such_dataset(hid_t file, const std::string& name, const std::string& wanted) {
    const std::vector<Hdf5Entry> entries = list_datasets(file, name, "/");
    std::vector<std::string> paths;
    for (const Hdf5Entry& entry : entries) {
        if (entry.path == wanted) throw FormatError(fmt::format("'{}:{}' {}", name, wanted, objection(entry)));
        if (entry.dataset) paths.push_back(entry.path);
    }
    const std::string nearest = nearest_name(wanted, paths);
    throw InvalidArgument(nearest.empty()
                              ? fmt::format("'{}' has no dataset '{}'; it holds: {}", name, wanted, enumerate(entries))
                              : fmt::format("'{}' has no dataset '{}'; did you mean '{}'?", name, wanted, nearest));
}

Hdf5ObjectHandle open_dataset(hid_t file, const std::string& name, const std::string& path) {
    Hdf5ObjectHandle object = hdf5_open_object(file, path);
    if (!object) no_such_dataset(file, name, path);
    if (H5Iget_type(object.get()) == H5I_GROUP)
        throw InvalidArgument(fmt::format("'{}:{}' is a group, not a dataset; it holds: {}", name, path,
                                          enumerate(list_datasets(file, name, path))));
    if (H5Iget_type(object.get()) != H5I_DATASET)
        throw InvalidArgument(fmt::format("'{}:{}' is a named type, not a dataset", name, path));
    return object;
}

hid_t memory_type(DType dtype) {
    switch (dtype) {
        case DType::u8: return H5T_NATIVE_UINT8;
        case DType::u16: return H5T_NATIVE_UINT16;
        case DType::i16: return H5T_NATIVE_INT16;
        case DType::i32: return H5T_NATIVE_INT32;
        case DType::f32: return H5T_NATIVE_FLOAT;
        case DType::f64: break;
    }
    return H5T_NATIVE_DOUBLE;
}

/// The file that the dataset is in, which a link may have led to, opened for ourselves; empty when it cannot be told.
os::FileDescriptor file_behind(hid_t dataset, const std::string& what) {
    const Hdf5FileHandle file(H5Iget_file_id(dataset));
    const Hdf5ListHandle access(H5Fget_access_plist(file.get()));
    void* library_descriptor = nullptr;
    if (H5Pget_driver(access.get()) != H5FD_SEC2 || H5Fget_vfd_handle(file.get(), H5P_DEFAULT, &library_descriptor) < 0)
        return {};
    const ssize_t length = H5Fget_name(file.get(), nullptr, 0);
    if (length <= 0) return {};
    std::string path(static_cast<std::size_t>(length), '\0');
    H5Fget_name(file.get(), path.data(), path.size() + 1);
    os::FileDescriptor opened = os::open_for_reading(path);
    const os::FileIdentity ours = os::identity(opened.get(), what);
    const os::FileIdentity theirs = os::identity(*static_cast<const int*>(library_descriptor), what);
    return ours.device == theirs.device && ours.inode == theirs.inode ? std::move(opened) : os::FileDescriptor();
}

AnyVolume map_pixels(os::FileDescriptor file, const Hdf5Dataset& facts, const std::string& what) {
    const Shape shape = shape_of(facts.array);
    const DType dtype = *facts.array.dtype;
    const std::size_t bytes = checked_bytes(shape, dtype);
    const std::uint64_t size = os::identity(file.get(), what).size;
    if (*facts.offset > size || size - *facts.offset < bytes)
        throw FormatError(
            fmt::format("'{}' is cut off: its {} bytes from byte {} on are not all in the file of {} bytes", what,
                        bytes, *facts.offset, size));
    std::shared_ptr<const MappedFile> mapped =
        MappedFile::map(std::move(file), *facts.offset, bytes, os::Access::read, what);
    std::byte* const data = mapped->data();
    return AnyVolume::over(std::move(mapped), data, dtype, shape, contiguous_strides(shape, dtype));
}

AnyVolume read_pixels(hid_t dataset, const Hdf5Dataset& facts, const std::string& what) {
    AnyVolume volume = memory_to_read_into(*facts.array.dtype, shape_of(facts.array), what, "is " + layout_text(facts));
    if (volume.bytes() > 0 &&
        H5Dread(dataset, memory_type(volume.dtype()), H5S_ALL, H5S_ALL, H5P_DEFAULT, volume.data()) < 0)
        throw FormatError(fmt::format("'{}' cannot be read: {}", what, hdf5_reason()));
    return volume;
}

DatasetInfo info_of(Hdf5Entry entry) {
    DatasetInfo info{.path = entry.path, .storage = "link", .why_not = objection(entry)};
    info.volume = info.why_not.empty();
    if (!entry.dataset) return info;
    info.storage = storage_text(*entry.dataset);
    info.dtype = std::move(entry.dataset->array.type_name);
    info.shape = std::move(entry.dataset->array.shape);
    return info;
}

}  // namespace

void require_hdf5(const std::filesystem::path&) {}

AnyVolume open_hdf5(const Location& location) {
    const std::string& name = location.file.native();
    const Hdf5Session session;
    const Hdf5FileHandle file = session.open_for_reading(location.file);
    const std::string path = location.dataset.empty() ? the_only_volume(file.get(), name) : location.dataset;
    const std::string what = fmt::format("{}:{}", name, path);
    const Hdf5ObjectHandle dataset = open_dataset(file.get(), name, path);
    const Hdf5Dataset facts = describe_hdf5(dataset.get());
    if (const std::string why = objection(facts); !why.empty()) throw FormatError(fmt::format("'{}' {}", what, why));
    if (mappable(facts))
        if (os::FileDescriptor behind = file_behind(dataset.get(), what))
            return map_pixels(std::move(behind), facts, what);
    return read_pixels(dataset.get(), facts, what);
}

std::vector<DatasetInfo> inspect_hdf5(const Location& location) {
    const std::string& name = location.file.native();
    const Hdf5Session session;
    const Hdf5FileHandle file = session.open_for_reading(location.file);
    const std::string from = location.dataset.empty() ? "/" : location.dataset;
    if (!hdf5_open_object(file.get(), from)) no_such_dataset(file.get(), name, from);
    std::vector<DatasetInfo> infos;
    for (Hdf5Entry& entry : list_datasets(file.get(), name, from)) infos.push_back(info_of(std::move(entry)));
    return infos;
}

}  // namespace slicepool::io
