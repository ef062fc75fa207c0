#include "io/hdf5_samples.hpp"

#include <stdexcept>

#include "io/test_files.hpp"

namespace slicepool::test {
namespace {

hid_t checked(hid_t result, const std::string& what) {
    if (result < 0) throw std::runtime_error("the HDF5 sample could not be made: " + what);
    return result;
}

io::Hdf5ObjectHandle create(hid_t file, const std::string& path, const std::vector<hsize_t>& shape, hid_t type,
                            const std::function<void(hid_t)>& change) {
    const io::Hdf5SpaceHandle space(shape.empty()
                                        ? H5Screate(H5S_SCALAR)
                                        : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
    const io::Hdf5ListHandle creation(H5Pcreate(H5P_DATASET_CREATE));
    if (change) change(creation.get());
    const io::Hdf5ListHandle links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.get(), 1);
    return io::Hdf5ObjectHandle(
        checked(H5Dcreate2(file, path.c_str(), type, space.get(), links.get(), creation.get(), H5P_DEFAULT), path));
}

}  // namespace

Hdf5Sample::Hdf5Sample(const std::string& file, hsize_t user_block) {
    const io::Hdf5ListHandle creation(H5Pcreate(H5P_FILE_CREATE));
    H5Pset_userblock(creation.get(), user_block);
    file_ = io::Hdf5FileHandle(checked(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, creation.get(), H5P_DEFAULT), file));
}

void Hdf5Sample::group(const std::string& path) const {
    const io::Hdf5ObjectHandle made(
        checked(H5Gcreate2(id(), path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), path));
}

void Hdf5Sample::soft_link(const std::string& path, const std::string& target) const {
    checked(H5Lcreate_soft(target.c_str(), id(), path.c_str(), H5P_DEFAULT, H5P_DEFAULT), path);
}

void Hdf5Sample::hard_link(const std::string& path, const std::string& target) const {
    checked(H5Lcreate_hard(id(), target.c_str(), id(), path.c_str(), H5P_DEFAULT, H5P_DEFAULT), path);
}

void Hdf5Sample::external_link(const std::string& path, const std::string& file, const std::string& target) const {
    checked(H5Lcreate_external(file.c_str(), target.c_str(), id(), path.c_str(), H5P_DEFAULT, H5P_DEFAULT), path);
}

void Hdf5Sample::dataset(const std::string& path, const std::vector<hsize_t>& shape, hid_t type,
                         const std::function<void(hid_t)>& change) const {
    const io::Hdf5ObjectHandle made = create(id(), path, shape, type, change);
    std::size_t count = 1;
    for (const hsize_t extent : shape) count *= extent;
    std::vector<double> pixels(count + 1);
    for (std::size_t i = 0; i < count; ++i) pixels[i] = sample_value(static_cast<std::int64_t>(i));
    checked(H5Dwrite(made.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels.data()), path);
}

void Hdf5Sample::unwritten(const std::string& path, const std::vector<hsize_t>& shape, hid_t type,
                           const std::function<void(hid_t)>& change) const {
    const io::Hdf5ObjectHandle made = create(id(), path, shape, type, change);
}

}  // namespace slicepool::test
