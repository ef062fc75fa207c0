#include <slicepool/io/location.hpp>

#include <algorithm>
#include <system_error>

#include <slicepool/core/error.hpp>

#include "io/file_kind.hpp"

namespace slicepool::io {
namespace {

namespace fs = std::filesystem;

bool is_file(std::string_view path) {
    std::error_code ignored;
    const fs::file_status status = fs::status(fs::path(path), ignored);
    return fs::exists(status) && !fs::is_directory(status);
}

/// "entry//data/" -> "/entry/data"; "" stays "".
std::string from_root(std::string_view dataset) {
    std::string path;
    for (std::size_t at = 0; at < dataset.size();) {
        const std::size_t end = std::min(dataset.find('/', at), dataset.size());
        if (end > at) path.append("/").append(dataset.substr(at, end - at));
        at = end + 1;
    }
    return path;
}

/// The path with every link in it followed, as far as it exists.
fs::path resolved(const fs::path& path) {
    std::error_code error;
    const fs::path whole = fs::weakly_canonical(fs::absolute(path, error), error);
    return error ? path.lexically_normal() : whole;
}

}  // namespace

Location parse_location(std::string_view text) {
    if (text.empty()) throw InvalidArgument("an empty file name: give 'scan.npy' or 'scan.h5:/entry/data'");
    std::error_code ignored;
    if (fs::exists(fs::path(text), ignored)) return {fs::path(text), {}};
    for (const bool by_name : {false, true})
        for (std::size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
            const std::string_view file = text.substr(0, colon);
            if (by_name ? has_hdf5_suffix(fs::path(file)) : is_file(file))
                return {fs::path(file), from_root(text.substr(colon + 1))};
        }
    return {fs::path(text), {}};
}

bool same_file(std::string_view a, std::string_view b) {
    const fs::path first = parse_location(a).file;
    const fs::path second = parse_location(b).file;
    std::error_code error;
    if (fs::equivalent(first, second, error) && !error) return true;
    return resolved(first) == resolved(second);
}

}  // namespace slicepool::io
