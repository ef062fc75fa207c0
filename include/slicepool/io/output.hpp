// output.hpp: a volume in a new file, written by whoever writes its pixels and given its name when it is complete.
// It does not append to files or replace part of one.
#pragma once

#include <memory>
#include <string_view>

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/shape.hpp>
#include <slicepool/memory/volume.hpp>

namespace slicepool::io {

/// A file that is being written. Its pixels are mapped, shared with worker processes; its disk blocks are reserved.
/// Until commit() it is called "<name>.partial-<pid>-<counter>", in the same directory. One thread at a time.
class OutputFile {
public:
    /// Makes the partial file for `location` (see location.hpp): a .npy (version 1.0, C order, little endian, pixels
    /// from byte 4096) or HDF5 file (.h5, .hdf5, .hdf, .nxs; one contiguous dataset, "/data" unless the location names
    /// another, its groups made). The pixels read as zero until written.
    /// An existing .npy file is replaced, but only by commit(); an existing HDF5 file, which may hold other datasets,
    /// is refused. Input and output must not be one file: same_file() tells.
    /// Throws InvalidArgument for a name of another kind, a bad shape or a file that will not be replaced; SystemError
    /// when the directory is missing or not writable, or the disk cannot hold the file. Nothing is left behind then.
    [[nodiscard]] static OutputFile create(std::string_view location, DType dtype, const Shape& shape);

    OutputFile(OutputFile&&) noexcept;
    OutputFile& operator=(OutputFile&&) noexcept;
    /// Removes the partial file unless commit() has returned, in the process that made it. Volumes stay usable.
    ~OutputFile();

    /// Writable, C order. Outlives the OutputFile in any copy.
    [[nodiscard]] const AnyVolume& volume() const noexcept;

    /// Flushes the pixels to stable storage, then gives the file its name in one step. A second call does nothing.
    /// Throws SystemError, or InvalidArgument when an HDF5 file of this name has appeared meanwhile; the partial file
    /// is then still there, and may be committed again.
    void commit();

private:
    struct State;
    explicit OutputFile(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace slicepool::io
