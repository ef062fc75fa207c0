#include "partial_files.hpp"

#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "os/child.hpp"

namespace slicepool::cli {

namespace fs = std::filesystem;

void remove_partial_files(const fs::path& final_path) noexcept try {
    std::error_code error;
    fs::path target = fs::canonical(final_path, error);  // a link stands for the file it leads to
    if (error) target = fs::absolute(final_path, error);
    const std::string start = fmt::format("{}.partial-{}-", target.filename().native(), os::process_id());
    std::vector<fs::path> partial_files;
    for (const fs::directory_entry& entry : fs::directory_iterator(target.parent_path(), error))
        if (entry.path().filename().native().starts_with(start)) partial_files.push_back(entry.path());
    for (const fs::path& file : partial_files) fs::remove(file, error);
} catch (const std::exception&) {  // out of memory, a directory that went away: then the file stays
}

}  // namespace slicepool::cli
