#include "report_file.hpp"

#include <span>

namespace slicepool::cli {

ReportFile::ReportFile(const std::string& path)
    : path_(path), partial_(path, io::Existing::replace), file_(partial_.take_descriptor()) {}

void ReportFile::write(std::string_view text) {
    os::write_at(file_.get(), std::as_bytes(std::span(text)), 0, path_);
    partial_.commit(file_.get());
}

}  // namespace slicepool::cli
