// npy_header.hpp: the header of a NumPy .npy file, parsed from bytes nobody vouches for, and written.
// No file is opened here; see npy_file.hpp.
// Source: NumPy Enhancement Proposal 1 and the documentation of numpy.lib.format, versions 1.0, 2.0 and 3.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/shape.hpp>

#include "io/array_facts.hpp"

namespace slicepool::io {

/// What stands before the dictionary: magic, version, and the length of the dictionary.
struct NpyPreamble {
    std::size_t bytes = 0;         ///< of the preamble itself, 10 or 12
    std::size_t header_bytes = 0;  ///< of the dictionary that follows, at most 1 MiB
};

inline constexpr std::size_t kLongestNpyPreamble = 12;

/// The dictionary. Nothing in it has been compared with the file.
struct NpyHeader {
    ArrayFacts array;
    std::string descr;  ///< as written: "<f4"
    bool fortran_order = false;
    bool byte_swapped = false;  ///< the pixels are big-endian
};

/// Both throw FormatError naming `file`. `start` holds the first bytes of the file, at most kLongestNpyPreamble.
[[nodiscard]] NpyPreamble parse_npy_preamble(std::string_view start, std::string_view file);
/// `text` is a Python dictionary with exactly the keys descr, fortran_order and shape, each once, in any order.
[[nodiscard]] NpyHeader parse_npy_header(std::string_view text, std::string_view file);

/// Where the pixels start in the files we write: on a page of 4 KiB, so that their slices can start on pages too.
/// The format asks for a multiple of 64.
inline constexpr std::size_t kNpyDataOffset = 4096;

/// The first kNpyDataOffset bytes of a version 1.0 file: C order, little endian.
[[nodiscard]] std::string npy_file_start(DType dtype, const Shape& shape);

}  // namespace slicepool::io
