// hdf5_handle.hpp: the HDF5 library's header, and ownership of its identifiers.
// Whose turn it is to call the library is settled by hdf5_session.hpp.
#pragma once

// The interface of 1.10, which every later version still offers.
#define H5_USE_110_API 1
#include <hdf5.h>

#include <utility>

namespace slicepool::io {

/// Closes its identifier when it goes. Made from the result of a call: negative when that failed.
template <herr_t (*Close)(hid_t)>
class Hdf5Handle {
public:
    Hdf5Handle() = default;
    explicit Hdf5Handle(hid_t id) noexcept : id_(id) {}
    Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }
    ~Hdf5Handle() {
        if (id_ >= 0) Close(id_);
    }

    [[nodiscard]] hid_t get() const noexcept { return id_; }
    [[nodiscard]] explicit operator bool() const noexcept { return id_ >= 0; }

private:
    hid_t id_ = H5I_INVALID_HID;
};

using Hdf5FileHandle = Hdf5Handle<H5Fclose>;
using Hdf5ObjectHandle = Hdf5Handle<H5Oclose>;
using Hdf5SpaceHandle = Hdf5Handle<H5Sclose>;
using Hdf5TypeHandle = Hdf5Handle<H5Tclose>;
using Hdf5ListHandle = Hdf5Handle<H5Pclose>;

}  // namespace slicepool::io
