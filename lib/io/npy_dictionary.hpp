// npy_dictionary.hpp: the Python dictionary in a .npy header, and nothing else of Python.
// Whether type and shape make a volume is not decided here; see array_facts.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slicepool::io {

struct NpyDictionary {
    std::string descr;  ///< the string, or the source text of a list that describes a structured type
    bool fortran_order = false;
    std::vector<std::int64_t> shape;  ///< at most 64 extents, each 0 ... 2^62
};

/// Takes {'descr': '...', 'fortran_order': True or False, 'shape': (1, 2, 3)} with exactly these keys, each once, in
/// any order, single or double quotes, a trailing comma or none, white space around it; refuses all else with a
/// FormatError naming `file` and what is wrong where. Uses memory in proportion to `text`.
[[nodiscard]] NpyDictionary parse_npy_dictionary(std::string_view text, std::string_view file);

}  // namespace slicepool::io
