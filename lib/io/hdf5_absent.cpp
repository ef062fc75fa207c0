#include "io/hdf5_file.hpp"

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::io {

void require_hdf5(const std::filesystem::path& file) {
    throw FormatError(
        fmt::format("'{}': this build of slicepool has no HDF5 (CMake option SLICEPOOL_WITH_HDF5)", file.native()));
}

AnyVolume open_hdf5(const Location& location) {
    require_hdf5(location.file);
    return {};
}

std::vector<DatasetInfo> inspect_hdf5(const Location& location) {
    require_hdf5(location.file);
    return {};
}

std::uint64_t lay_out_hdf5(const std::filesystem::path& file, const std::string&, DType, const Shape&) {
    require_hdf5(file);
    return 0;
}

}  // namespace slicepool::io
