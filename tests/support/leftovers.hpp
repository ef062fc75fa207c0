// leftovers.hpp: what a test leaves in the system: children, threads, descriptors, memory files, names in /dev/shm.
// It counts and compares; cleaning up is the business of the code under test.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <slicepool/memory/volume.hpp>

namespace slicepool::test {

/// State and parent of a process, '-' and 0 when there is none of this number.
struct ProcessFacts {
    char state = '-';
    long parent = 0;
};
[[nodiscard]] inline ProcessFacts process_facts(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string stat;
    std::getline(file, stat);
    // The program's name, in brackets, may hold anything; state and parent follow it.
    const auto bracket = stat.rfind(')');
    if (bracket == std::string::npos || stat.size() < bracket + 5) return {};
    return {stat[bracket + 2], std::stol(stat.substr(bracket + 4))};
}

/// False when the process has ended, whether or not its parent has reaped it.
[[nodiscard]] inline bool is_running(long pid) {
    const char state = process_facts(std::to_string(pid)).state;
    return state != '-' && state != 'Z' && state != 'X';
}

/// Taken at the start of a test; found() at its end names everything that was not there before.
///
/// The process-wide arena is made first: it stays for good, by design, and is no leftover.
class Leftovers {
public:
    Leftovers() {
        static_cast<void>(AnyVolume::create(DType::u8, {1, 1, 1}));
        std::thread([] {}).join();  // with the first thread the thread sanitizer starts one of its own
        before_ = look();
    }

    /// "" when nothing is left. A process or thread takes a moment to disappear after it was reaped or joined: things
    /// get up to ten seconds to go.
    [[nodiscard]] std::string found() const {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        std::string difference = compare(look());
        while (!difference.empty() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            difference = compare(look());
        }
        return difference;
    }

    /// Children of this process, ended but unreaped ones included.
    [[nodiscard]] static std::vector<long> children() {
        std::vector<long> found;
        std::error_code gone;
        for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
            const std::string name = entry.path().filename();
            if (name.find_first_not_of("0123456789") != std::string::npos) continue;
            if (process_facts(name).parent == ::getpid()) found.push_back(std::stol(name));
        }
        return found;
    }

private:
    struct Seen {
        std::size_t children = 0;
        std::size_t threads = 0;
        std::size_t descriptors = 0;
        std::size_t memory_files = 0;
        std::set<std::string> shared_names;
    };

    static std::size_t count_entries(const char* directory) {
        std::size_t entries = 0;
        std::error_code ignored;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory, ignored)) ++entries;
        return entries;
    }

    static Seen look() {
        Seen seen;
        seen.children = children().size();
        seen.threads = count_entries("/proc/self/task");
        seen.descriptors = count_entries("/proc/self/fd");
        std::ifstream maps("/proc/self/maps");
        std::set<std::string> files;  // a file may show as several mappings of different access
        for (std::string line; std::getline(maps, line);) {
            const auto name = line.find("/memfd:");
            if (name == std::string::npos) continue;
            std::string inode = line.substr(0, name);
            while (!inode.empty() && inode.back() == ' ') inode.pop_back();
            files.insert(inode.substr(inode.rfind(' ') + 1));
        }
        seen.memory_files = files.size();
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored))
            seen.shared_names.insert(entry.path().filename());
        return seen;
    }

    [[nodiscard]] std::string compare(const Seen& now) const {
        std::string text;
        const auto count = [&text](const char* what, std::size_t before, std::size_t after) {
            if (after > before) text += std::to_string(after - before) + " " + what + " left; ";
        };
        count("child processes", before_.children, now.children);
        count("threads", before_.threads, now.threads);
        count("descriptors", before_.descriptors, now.descriptors);
        count("memory files", before_.memory_files, now.memory_files);
        for (const std::string& name : now.shared_names)
            if (!before_.shared_names.contains(name)) text += "/dev/shm/" + name + " left; ";
        return text;
    }

    Seen before_;
};

}  // namespace slicepool::test
