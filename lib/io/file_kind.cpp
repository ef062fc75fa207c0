#include "io/file_kind.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNpyMagic{"\x93NUMPY", 6};
constexpr std::string_view kHdf5Magic{"\x89HDF\r\n\x1a\n", 8};

bool starts_with(const InputFile& file, std::uint64_t offset, std::string_view magic, const std::string& name) {
    std::array<char, 8> bytes{};
    const auto buffer = std::as_writable_bytes(std::span(bytes).first(magic.size()));
    return os::read_at(file.descriptor.get(), buffer, offset, name) == magic.size() &&
           std::string_view(bytes.data(), magic.size()) == magic;
}

/// HDF5 may start with a block of the user's own, of 512 bytes or a power of two times that.
bool is_hdf5(const InputFile& file, const std::string& name) {
    if (starts_with(file, 0, kHdf5Magic, name)) return true;
    for (std::uint64_t offset = 512; offset < file.bytes; offset *= 2)
        if (starts_with(file, offset, kHdf5Magic, name)) return true;
    return false;
}

std::string suffix_of(const fs::path& path) {
    std::string suffix = path.extension().native();
    std::ranges::transform(suffix, suffix.begin(),
                           [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    return suffix;
}

}  // namespace

InputFile open_input(const fs::path& path) {
    const std::string& name = path.native();
    std::error_code ignored;  // what cannot be looked at is reported by the opening
    const fs::file_status status = fs::status(path, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status))
        throw FormatError(fmt::format("'{}' is {}, not a regular file", name,
                                      fs::is_directory(status) ? "a directory" : "a device, pipe or socket"));
    InputFile file{.descriptor = os::open_for_reading(path)};
    file.bytes = os::identity(file.descriptor.get(), name).size;
    if (file.bytes == 0) throw FormatError(fmt::format("'{}' is empty: 0 bytes", name));
    if (starts_with(file, 0, kNpyMagic, name)) return file;
    if (!is_hdf5(file, name)) throw FormatError(fmt::format("'{}' is neither a NumPy .npy file nor HDF5", name));
    file.kind = FileKind::hdf5;
    return file;
}

bool has_npy_suffix(const fs::path& path) { return suffix_of(path) == ".npy"; }

bool has_hdf5_suffix(const fs::path& path) {
    const std::string suffix = suffix_of(path);
    return suffix == ".h5" || suffix == ".hdf5" || suffix == ".hdf" || suffix == ".nxs";
}

}  // namespace slicepool::io
