// Lays out an HDF5 file for others to write the pixels into: no pixel passes through here.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "io/hdf5_file.hpp"
#include "io/hdf5_session.hpp"

namespace slicepool::io {
namespace {

constexpr hsize_t kAlignment = 4096;

hid_t file_type(DType dtype) {
    switch (dtype) {
        case DType::u8: return H5T_STD_U8LE;
        case DType::u16: return H5T_STD_U16LE;
        case DType::i16: return H5T_STD_I16LE;
        case DType::i32: return H5T_STD_I32LE;
        case DType::f32: return H5T_IEEE_F32LE;
        case DType::f64: break;
    }
    return H5T_IEEE_F64LE;
}

/// All that is at least as large as the pixels is aligned; smaller things, the library's own, need not be.
Hdf5ListHandle aligned_access(std::size_t bytes) {
    Hdf5ListHandle access = hdf5_file_access();
    H5Pset_alignment(access.get(), std::clamp<hsize_t>(bytes, 1, kAlignment), kAlignment);
    return access;
}

/// Space is allocated now, where it stays, and nothing is written into it.
Hdf5ListHandle unfilled_in_one_piece() {
    Hdf5ListHandle creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_layout(creation.get(), H5D_CONTIGUOUS);
    H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER);
    return creation;
}

}  // namespace

std::uint64_t lay_out_hdf5(const std::filesystem::path& file, const std::string& dataset, DType dtype,
                           const Shape& shape) {
    const std::string path = dataset.empty() ? "/data" : dataset;
    const std::size_t bytes = checked_bytes(shape, dtype);
    const Hdf5Session session;
    const Hdf5FileHandle created(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, aligned_access(bytes).get()));
    const std::array<hsize_t, 3> extents{static_cast<hsize_t>(shape.depth), static_cast<hsize_t>(shape.height),
                                         static_cast<hsize_t>(shape.width)};
    const Hdf5SpaceHandle space(H5Screate_simple(3, extents.data(), nullptr));
    const Hdf5ListHandle links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.get(), 1);
    const Hdf5ObjectHandle laid_out(H5Dcreate2(created.get(), path.c_str(), file_type(dtype), space.get(), links.get(),
                                               unfilled_in_one_piece().get(), H5P_DEFAULT));
    const haddr_t offset = laid_out ? H5Dget_offset(laid_out.get()) : HADDR_UNDEF;
    if (!laid_out || (bytes > 0 && offset == HADDR_UNDEF) || H5Fflush(created.get(), H5F_SCOPE_GLOBAL) < 0)
        throw InvalidArgument(fmt::format("an HDF5 dataset '{}' cannot be made: {}", path, hdf5_reason()));
    return bytes > 0 ? offset : 0;
}

}  // namespace slicepool::io
