// demo_peers.hpp: the same work in Python, for comparison: whether it can be done here, and doing it.
// The Python side is demo_peers.py.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "demo_example.hpp"

namespace slicepool::cli {

/// The script, made part of the program by the build.
extern const char* const kPeersScript;

struct Python {
    std::string program;  ///< empty when no python3 has all that is needed
    std::string why_not;  ///< then: one line that says what is missing and how to get it
};

/// The python3 that can do it: the first in PATH, else /usr/bin/python3.
[[nodiscard]] Python find_python(const std::stop_token& stop);

struct PeerRequest {
    DemoSize size;
    int jobs = 1;
    int warm_runs = 1;
    std::int64_t slice = 0;            ///< whose result is to be saved
    std::filesystem::path slice_file;  ///< .npy to be made, (1, rows, columns)
};

struct PeerTimes {
    std::string name;
    double cold_seconds = 0.0;
    double warm_seconds = 0.0;  ///< best of the warm runs
    double memory_bytes = 0.0;  ///< proportional set size of all processes when the result was complete
};

struct PeerResult {
    std::string versions;
    std::string scipy_version;
    std::vector<PeerTimes> times;  ///< scipy on one core, joblib threads, joblib processes
};

/// Nothing when it was stopped. Throws Error with Python's last line when the script fails.
[[nodiscard]] std::optional<PeerResult> run_peers(const Python& python, const PeerRequest& request,
                                                  const std::stop_token& stop);

}  // namespace slicepool::cli
