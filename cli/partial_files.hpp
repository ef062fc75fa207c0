// partial_files.hpp: takes away what an output file leaves when the program ends in the middle of writing it.
// The files are made elsewhere; see io/output.hpp and report_file.hpp.
#pragma once

#include <filesystem>

namespace slicepool::cli {

/// Removes the provisional files that this process made for `final_path` (see io/output.hpp for their names). Needs
/// nothing of the object that made them, so that another thread may call it at any time. Never throws.
void remove_partial_files(const std::filesystem::path& final_path) noexcept;

}  // namespace slicepool::cli
