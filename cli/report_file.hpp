// report_file.hpp: the file of --report: shown to be writable before the run, written in one step after it.
// What stands in it is made by report/json.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "io/partial_file.hpp"
#include "os/file_descriptor.hpp"

namespace slicepool::cli {

class ReportFile {
public:
    /// Makes the provisional file beside `path`; a file that exists is replaced by write(). Throws SystemError when the
    /// directory is missing or not writable, InvalidArgument when `path` is no regular file.
    explicit ReportFile(const std::string& path);

    /// Throws SystemError; the provisional file goes with this object then.
    void write(std::string_view text);

private:
    std::string path_;
    io::PartialFile partial_;
    os::FileDescriptor file_;
};

}  // namespace slicepool::cli
