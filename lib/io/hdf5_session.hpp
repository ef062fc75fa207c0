// hdf5_session.hpp: our turn with the HDF5 library, which has one state for the whole process.
// It opens files; what is in them is for the others.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "io/hdf5_handle.hpp"

namespace slicepool::io {

/// While it lives no other thread of slicepool calls HDF5, and HDF5 prints no errors. Afterwards the host's error
/// handler is back. Every handle must go before the session goes: declare the session first.
/// A host that itself calls HDF5 from other threads needs a thread-safe build of HDF5, as it does without us.
class Hdf5Session {
public:
    Hdf5Session();
    ~Hdf5Session();
    Hdf5Session(const Hdf5Session&) = delete;
    Hdf5Session& operator=(const Hdf5Session&) = delete;

    /// Opens for reading, without locks where the library lets us choose: file systems that have none are common.
    /// Throws FormatError with the library's reason.
    [[nodiscard]] Hdf5FileHandle open_for_reading(const std::filesystem::path& file) const;

private:
    union Handler {
        H5E_auto2_t modern;
        H5E_auto1_t old;
    };
    std::unique_lock<std::mutex> turn_;
    unsigned is_modern_ = 1;
    Handler handler_{};
    void* client_data_ = nullptr;
};

/// Why the last call failed, in the library's words ("truncated file: eof = ..."): where the failure arose.
[[nodiscard]] std::string hdf5_reason();

/// The object that `path` leads to, through links to other files too, which are opened as the first one was. Empty when
/// it leads nowhere. `from` is an open file or group.
[[nodiscard]] Hdf5ObjectHandle hdf5_open_object(hid_t from, const std::string& path);

/// A list for opening or creating plain files by the library's standard driver, whatever the environment says,
/// unlocked.
[[nodiscard]] Hdf5ListHandle hdf5_file_access();

}  // namespace slicepool::io
