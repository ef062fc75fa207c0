// hdf5_samples.hpp: HDF5 files made with the library's own interface, for tests of reading.
// It does not use the code under test to make a file.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/hdf5_handle.hpp"

namespace slicepool::test {

/// A new HDF5 file; closed, and so complete, when it goes.
class Hdf5Sample {
public:
    explicit Hdf5Sample(const std::string& file, hsize_t user_block = 0);

    [[nodiscard]] hid_t id() const noexcept { return file_.get(); }
    void group(const std::string& path) const;
    void soft_link(const std::string& path, const std::string& target) const;
    void hard_link(const std::string& path, const std::string& target) const;
    void external_link(const std::string& path, const std::string& file, const std::string& target) const;

    /// A dataset of float pixels (see sample_value), converted by the library to `type` and stored as `creation` says.
    void dataset(const std::string& path, const std::vector<hsize_t>& shape, hid_t type = H5T_IEEE_F32LE,
                 const std::function<void(hid_t creation)>& change = {}) const;
    /// The same without writing any pixel.
    void unwritten(const std::string& path, const std::vector<hsize_t>& shape, hid_t type = H5T_IEEE_F32LE,
                   const std::function<void(hid_t creation)>& change = {}) const;

private:
    io::Hdf5FileHandle file_;
};

}  // namespace slicepool::test
