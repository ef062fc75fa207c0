// run_request.hpp: what `slicepool run` was asked to do: the words of the command line, then the same checked.
// Checking opens the input and creates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <slicepool/core/filter.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/io/input.hpp>

#include "progress_display.hpp"
#include "slice_range.hpp"

namespace slicepool::cli {

/// As given; the defaults are those of the help text.
struct RunRequest {
    std::vector<std::string> command;  ///< all words, for the report
    std::string input;
    std::string output;
    std::vector<std::string> filters;
    int axis = 0;
    std::optional<std::string> backend;  ///< none: by the environment, else processes
    std::optional<int> jobs;             ///< none: by the environment, else -1
    std::string slices;
    std::string dtype = "float32";
    int max_attempts = 3;
    std::optional<double> timeout_seconds;
    std::optional<double> grace_seconds;
    std::string on_failure = "finish";
    std::string fill = "nan";
    std::string non_finite = "accept";
    std::optional<std::int64_t> max_slices_per_worker;
    std::optional<std::size_t> max_worker_memory;  ///< bytes
    std::optional<int> max_deaths;
    std::string guard = "auto";
    std::string pin = "none";
    std::string rehearsal;
    std::string report_file;
    std::string progress = "auto";
};

/// A request that can run, as far as can be told without making files.
struct CheckedRun {
    AnyVolume input;          ///< the whole volume
    SelectedSlices selected;  ///< the part to be processed
    AnyFilter filter;
    Shape output_shape;
    DType output_dtype = DType::f32;
    Options options;  ///< axis, jobs, backend and failure policy
    ProgressStyle progress = ProgressStyle::automatic;
};

/// Cheap checks come first, then those that need the input. Throws InvalidArgument, SystemError and FormatError.
[[nodiscard]] CheckedRun check(const RunRequest& request);

}  // namespace slicepool::cli
