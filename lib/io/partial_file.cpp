#include "io/partial_file.hpp"

#include <atomic>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "os/child.hpp"

namespace slicepool::io {
namespace {

namespace fs = std::filesystem;

/// From the root, since the host may change its working directory before the commit.
fs::path through_links(const fs::path& path) {
    std::error_code error;
    fs::path target = fs::canonical(path, error);
    if (error) target = fs::absolute(path, error);
    return error ? path : target;
}

/// "<final_path>.partial-<pid>-<counter>", another one at each call.
fs::path provisional_name(const fs::path& final_path, std::int64_t process) {
    static std::atomic<unsigned> counter{0};
    fs::path path = final_path;
    path += fmt::format(".partial-{}-{}", process, counter.fetch_add(1, std::memory_order_relaxed));
    return path;
}

/// Says what the user asked for, not the provisional name, when the directory is at fault.
SystemError cannot_create(const fs::path& final_path, std::error_code code) {
    const fs::path directory = final_path.has_parent_path() ? final_path.parent_path() : fs::path(".");
    return {"create", final_path.native(), code, fmt::format("a new file in the directory '{}'", directory.native())};
}

}  // namespace

PartialFile::PartialFile(const fs::path& final_path, Existing existing)
    : final_path_(through_links(final_path)), existing_(existing), owner_(os::process_id()) {
    check_final_path();
    while (!descriptor_) try {
            path_ = provisional_name(final_path_, owner_);
            descriptor_ = os::create_new(path_);
        } catch (const SystemError& error) {
            // What a killed process of the same number has left is not ours to touch.
            if (error.code() != std::errc::file_exists) throw cannot_create(final_path_, error.code());
        }
}

PartialFile::~PartialFile() {
    std::error_code ignored;
    if (!committed_ && owner_ == os::process_id()) fs::remove(path_, ignored);
}

void PartialFile::check_final_path() const {
    std::error_code ignored;  // what cannot be looked at is reported by the creation
    const fs::file_status status = fs::status(final_path_, ignored);
    if (!fs::exists(status)) return;
    if (!fs::is_regular_file(status))
        throw InvalidArgument(fmt::format("output '{}' is {}, not a file", final_path_.native(),
                                          fs::is_directory(status) ? "a directory" : "a device, pipe or socket"));
    if (existing_ == Existing::refuse)
        throw InvalidArgument(fmt::format(
            "output '{}' exists and may hold other datasets: give another name or remove it", final_path_.native()));
}

void PartialFile::commit(int fd) {
    if (committed_) return;
    os::synchronise(fd, path_.native());
    check_final_path();
    os::rename_over(path_, final_path_);
    committed_ = true;
}

}  // namespace slicepool::io
