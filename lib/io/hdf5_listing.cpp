#include "io/hdf5_listing.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "io/hdf5_session.hpp"

namespace slicepool::io {
namespace {

constexpr std::size_t kMostLinks = 100'000;

herr_t add_name(hid_t, const char* name, const H5L_info_t*, void* names) noexcept {
    try {
        static_cast<std::vector<std::string>*>(names)->emplace_back(name);
        return 0;
    } catch (const std::exception&) {
        return -1;  // no exception may cross the C library
    }
}

std::string child_path(const std::string& group, const std::string& name) {
    return group == "/" ? "/" + name : group + "/" + name;
}

/// Why nothing can be opened by this name, in the words of objection().
std::string broken(hid_t group, const std::string& name) {
    const std::string reason = hdf5_reason();
    const auto nowhere = [](std::string_view target) {
        return fmt::format("is a link that leads nowhere: to '{}'", target);
    };
    H5L_info_t info{};
    if (H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) < 0 || info.type == H5L_TYPE_HARD)
        return "is damaged: " + reason;
    std::vector<char> value(info.u.val_size + 1, '\0');
    if (H5Lget_val(group, name.c_str(), value.data(), value.size(), H5P_DEFAULT) < 0)
        return "is damaged: " + hdf5_reason();
    if (info.type == H5L_TYPE_SOFT) return nowhere(value.data());
    const char* file = nullptr;
    const char* path = nullptr;
    if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &file, &path) < 0)
        return "is a link of a kind that cannot be followed";
    return nowhere(fmt::format("{}:{}", file, path));
}

class Walk {
public:
    Walk(hid_t file, const std::string& file_name) : file_(file), file_name_(file_name) {}

    std::vector<Hdf5Entry> below(const std::string& from) {
        visit(hdf5_open_object(file_, from), from);
        while (!groups_.empty()) {
            const std::string group = std::move(groups_.front());
            groups_.pop_front();
            visit_links(group);
        }
        std::ranges::sort(entries_, {}, &Hdf5Entry::path);
        return std::move(entries_);
    }

private:
    void visit_links(const std::string& path) {
        const Hdf5ObjectHandle group = hdf5_open_object(file_, path);
        std::vector<std::string> names;
        if (!group || H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names) < 0)
            throw FormatError(fmt::format("'{}:{}' cannot be listed: {}", file_name_, path, hdf5_reason()));
        for (const std::string& name : names) {
            if (++links_ > kMostLinks)
                throw FormatError(
                    fmt::format("'{}' has more than {} links: give the path of a dataset", file_name_, kMostLinks));
            Hdf5ObjectHandle object = hdf5_open_object(group.get(), name);
            if (object)
                visit(std::move(object), child_path(path, name));
            else
                entries_.push_back({child_path(path, name), {}, broken(group.get(), name)});
        }
    }

    void visit(Hdf5ObjectHandle object, const std::string& path) {
        H5O_info_t info{};
        if (H5Oget_info(object.get(), &info) < 0) return;
        if (!seen_.emplace(info.fileno, info.addr).second) return;
        if (info.type == H5O_TYPE_GROUP) groups_.push_back(path);
        if (info.type == H5O_TYPE_DATASET) entries_.push_back({path, describe_hdf5(object.get()), {}});
        // A file that is closed and opened again gets another number, and a cycle through it would have no end.
        if (files_.insert(info.fileno).second) kept_open_.push_back(std::move(object));
    }

    hid_t file_;
    const std::string& file_name_;
    std::size_t links_ = 0;
    std::deque<std::string> groups_;
    std::set<std::pair<unsigned long, haddr_t>> seen_;
    std::set<unsigned long> files_;
    std::vector<Hdf5ObjectHandle> kept_open_;
    std::vector<Hdf5Entry> entries_;
};

}  // namespace

std::string objection(const Hdf5Entry& entry) { return entry.dataset ? objection(*entry.dataset) : entry.broken; }

std::string summary(const Hdf5Entry& entry) {
    if (!entry.dataset) return fmt::format("{} ({})", entry.path, entry.broken);
    return fmt::format("{} {} {}", entry.path, shape_text(entry.dataset->array.shape), entry.dataset->array.type_name);
}

std::vector<Hdf5Entry> list_datasets(hid_t file, const std::string& file_name, const std::string& from) {
    return Walk(file, file_name).below(from);
}

}  // namespace slicepool::io
