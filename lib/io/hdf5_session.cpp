#include "io/hdf5_session.hpp"

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool::io {
namespace {

std::mutex& library_mutex() {
    static std::mutex mutex;
    return mutex;
}

herr_t keep_first(unsigned depth, const H5E_error2_t* error, void* text) {
    if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
    return 0;
}

}  // namespace

Hdf5Session::Hdf5Session() : turn_(library_mutex()) {
    H5Eauto_is_v2(H5E_DEFAULT, &is_modern_);
    if (is_modern_ != 0) {
        H5Eget_auto2(H5E_DEFAULT, &handler_.modern, &client_data_);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    } else {
        H5Eget_auto1(&handler_.old, &client_data_);
        H5Eset_auto1(nullptr, nullptr);
    }
}

Hdf5Session::~Hdf5Session() {
    if (is_modern_ != 0)
        H5Eset_auto2(H5E_DEFAULT, handler_.modern, client_data_);
    else
        H5Eset_auto1(handler_.old, client_data_);
}

Hdf5FileHandle Hdf5Session::open_for_reading(const std::filesystem::path& file) const {
    Hdf5FileHandle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, hdf5_file_access().get()));
    // A file that the host holds open already can only be opened the way the host did.
    if (!opened) opened = Hdf5FileHandle(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    if (!opened) throw FormatError(fmt::format("'{}' cannot be read as HDF5: {}", file.native(), hdf5_reason()));
    return opened;
}

std::string hdf5_reason() {
    std::string reason = "no reason given";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &reason);
    return reason;
}

Hdf5ObjectHandle hdf5_open_object(hid_t from, const std::string& path) {
    // Left to itself the library opens linked files with locks, and refuses one that is open without.
    const Hdf5ListHandle links(H5Pcreate(H5P_LINK_ACCESS));
    H5Pset_elink_fapl(links.get(), hdf5_file_access().get());
    return Hdf5ObjectHandle(H5Oopen(from, path.c_str(), links.get()));
}

Hdf5ListHandle hdf5_file_access() {
    Hdf5ListHandle access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_fapl_sec2(access.get());
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
    H5Pset_file_locking(access.get(), false, true);
#endif
    return access;
}

}  // namespace slicepool::io
