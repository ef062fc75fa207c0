#include <slicepool/io/input.hpp>

#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/location.hpp>

#include "io/file_kind.hpp"
#include "io/hdf5_file.hpp"
#include "io/npy_file.hpp"

namespace slicepool::io {
namespace {

void refuse_dataset(const Location& location) {
    if (!location.dataset.empty())
        throw InvalidArgument(fmt::format("'{}' is a .npy file and holds one array without a name: leave out ':{}'",
                                          location.file.native(), location.dataset));
}

}  // namespace

AnyVolume open_volume(std::string_view text) {
    const Location location = parse_location(text);
    InputFile file = open_input(location.file);
    if (file.kind == FileKind::hdf5) return open_hdf5(location);
    refuse_dataset(location);
    return open_npy(std::move(file), location.file);
}

std::vector<DatasetInfo> inspect(std::string_view text) {
    const Location location = parse_location(text);
    const InputFile file = open_input(location.file);
    if (file.kind == FileKind::hdf5) return inspect_hdf5(location);
    refuse_dataset(location);
    return {inspect_npy(file, location.file)};
}

}  // namespace slicepool::io
