#include "demo_command.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>
#include <slicepool/io/input.hpp>

#include "demo_backends.hpp"
#include "demo_peers.hpp"
#include "exit_code.hpp"
#include "interruption.hpp"
#include "jobs.hpp"
#include "os/child.hpp"
#include "os/machine.hpp"
#include "text.hpp"

namespace slicepool::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExamples = R"(Examples:
  slicepool demo
  slicepool demo --small --jobs 4
  slicepool demo --peers none

Exit: 0 all results are equal; 1 they are not, or slices failed; 2 the demo cannot run; 130 interrupted.)";

// In volumes: input, serial result and another result here; what joblib's processes were seen to take in Python.
constexpr double kVolumesHere = 3.0;
constexpr double kVolumesInPython = 6.0;
constexpr double kSpareBytes = 300e6;
constexpr std::int64_t kMostUlps = 1;

struct DemoRequest {
    bool small = false;
    int jobs = -1;
    std::string peers = "auto";
};

/// A directory for the slice that Python saves; goes with this object or when the program is ended at once.
class TemporaryDirectory {
public:
    explicit TemporaryDirectory(Interruption& interruption)
        : path_(fs::temp_directory_path() / fmt::format("slicepool-demo-{}", os::process_id())) {
        interruption.before_leaving([path = path_] { remove(path); });
        fs::create_directories(path_);
    }
    ~TemporaryDirectory() { remove(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] fs::path file(const char* name) const { return path_ / name; }

private:
    static void remove(const fs::path& path) noexcept {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path path_;
};

DemoSize choose_size(const DemoRequest& request, bool with_python) {
    if (request.small) return kSmallDemo;
    const double needed = kFullDemo.bytes() * (with_python ? kVolumesInPython : kVolumesHere) + kSpareBytes;
    const auto available = os::available_memory();
    if (!available || static_cast<double>(*available) >= needed) return kFullDemo;
    fmt::print("The full example needs {} of memory and {} are available: this is the small one.\n", bytes_text(needed),
               bytes_text(static_cast<double>(*available)));
    return kSmallDemo;
}

void print_task(const DemoPlan& plan) {
    fmt::print("Gaussian filter, sigma 3,5, on each of the {} slices along axis {} of a float32 volume {} of {}; {}.\n",
               plan.size.shape[kDemoAxis], kDemoAxis, to_string(plan.size.shape), bytes_text(plan.size.bytes()),
               count_text(plan.jobs, "worker"));
    std::fflush(stdout);
}

void print_backends(const DemoPlan& plan, const DemoResult& result) {
    fmt::print("\n{:20}{:>10}{:>10}{:>10}{:>11}   {}\n", "", "cold", "warm", "speed-up", "memory",
               "same bits as serial");
    for (const BackendTimes& times : result.times)
        fmt::print("{:20}{:>10}{:>10}{:>10.2f}{:>11}   {}\n", fmt::format("slicepool {}", name_of(times.backend)),
                   seconds_text(times.cold_seconds), seconds_text(times.warm_seconds),
                   result.times[0].warm_seconds / times.warm_seconds, bytes_text(times.memory_bytes),
                   times.same_as_serial ? "yes" : "NO");
    fmt::print(
        "cold: making the workers, and a first run into a new output; warm: the best of {} by the same\n"
        "workers into the same output. Speed-up: warm, over serial. Memory: all processes, shared pages once.\n",
        count_text(plan.warm_runs, "more run"));
    std::fflush(stdout);
}

void print_peers(const PeerResult& peers, int warm_runs, const DemoResult& result) {
    fmt::print("\n{:20}{:>10}{:>10}{:>10}{:>11}   {}\n", "", "cold", "warm", "", "memory", "warm time / slicepool's");
    for (std::size_t i = 0; i < peers.times.size() && i < result.times.size(); ++i) {
        const PeerTimes& peer = peers.times[i];
        fmt::print("{:20}{:>10}{:>10}{:>10}{:>11}   {:.1f} ({})\n", peer.name, seconds_text(peer.cold_seconds),
                   seconds_text(peer.warm_seconds), "", bytes_text(peer.memory_bytes),
                   peer.warm_seconds / result.times[i].warm_seconds, name_of(result.times[i].backend));
    }
    fmt::print("{}; stacking the results into one array included; warm: {}.\n", peers.versions,
               warm_runs == 1 ? "the second run" : fmt::format("the best of {}", count_text(warm_runs, "more run")));
}

/// False when they are further apart than rounding explains.
bool compare_with_scipy(const DemoResult& result, const PeerResult& peers, const fs::path& slice_file) {
    const Volume<float> theirs(io::open_volume(slice_file.native()));
    if (!(theirs.shape() == result.sample.shape()))
        throw Error(fmt::format("scipy's slice came out as {}, not {}", to_string(theirs.shape()),
                                to_string(result.sample.shape())));
    const UlpDifference difference = ulp_difference(result.sample, theirs);
    if (difference.different_pixels == 0)
        fmt::print("scipy {}: the same bits in all {} pixels of one slice.\n", peers.scipy_version, difference.pixels);
    else
        fmt::print("scipy {}: largest difference {} ulp, in {} of the {} pixels of one slice.\n", peers.scipy_version,
                   difference.largest, difference.different_pixels, difference.pixels);
    return difference.largest <= kMostUlps;
}

void print_meaning(const DemoResult& result) {
    fmt::print(
        "\nProcesses take {:.2f} times as long as threads (warm), and a crash in one costs a slice, not the run.\n"
        "Your own data: slicepool run INPUT.npy OUTPUT.npy --axis 1 --filter 'gaussian sigma=3,5'\n",
        result.times.at(2).warm_seconds / result.times.at(1).warm_seconds);
}

int demo(const DemoRequest& request) {
    Interruption interruption;
    const int jobs = workers_for(request.jobs);
    Python python;
    if (request.peers == "auto") python = find_python(interruption.stop_token());
    const DemoSize size = choose_size(request, !python.program.empty());
    const bool small = size.shape == kSmallDemo.shape;
    const DemoPlan plan{
        .size = size, .jobs = jobs, .warm_runs = small ? 5 : 2, .sample_index = size.shape[kDemoAxis] - 1};
    print_task(plan);
    const DemoResult result = run_backends(plan, interruption);
    if (result.interrupted) return kInterrupted;
    if (!result.trouble.empty()) {
        fmt::print(stderr, "slicepool: slices were not done on {}", result.trouble);
        return kSomeSlicesNotDone;
    }
    print_backends(plan, result);
    bool equal = true;
    for (const BackendTimes& times : result.times) equal = equal && times.same_as_serial;

    if (!python.program.empty()) {
        const int peer_warm_runs = small ? plan.warm_runs : 1;
        fmt::print(stderr, "the same in {}{} ...\n", python.program, small ? "" : ", which takes a minute or so");
        const TemporaryDirectory directory(interruption);
        const fs::path slice_file = directory.file("slice.npy");
        try {
            std::optional<PeerResult> peers;
            {
                const Interruption::Run under_way(interruption);
                peers = run_peers(python, {size, jobs, peer_warm_runs, plan.sample_index, slice_file},
                                  interruption.stop_token());
            }
            if (!peers) return kInterrupted;
            print_peers(*peers, peer_warm_runs, result);
            equal = compare_with_scipy(result, *peers, slice_file) && equal;
        } catch (const Error& error) {
            // A Python that is broken says nothing about the backends.
            fmt::print("\nNo comparison with scipy and joblib: {}.\n", error.what());
        }
    } else if (request.peers == "auto") {
        fmt::print("\nNo comparison with scipy and joblib: {}.\n", python.why_not);
    }
    print_meaning(result);
    return equal ? kAllDone : kSomeSlicesNotDone;
}

}  // namespace

void add_demo_command(CLI::App& app, std::function<int()>& chosen) {
    const auto request = std::make_shared<DemoRequest>();
    CLI::App* const command = app.add_subcommand("demo",
                                                 "Filter an example on every backend and, where scipy and joblib are "
                                                 "installed, in Python: times, memory, equality");
    command->add_flag("--small", request->small, "a 25th of the size; chosen anyway when memory is short");
    command->add_option("-j,--jobs", request->jobs, "workers; -1 all usable cores, -2 all but one")
        ->capture_default_str()
        ->type_name("N");
    command->add_option("--peers", request->peers, "auto: compare with Python where possible; none: do not")
        ->capture_default_str()
        ->check(CLI::IsMember({"auto", "none"}))
        ->type_name("NAME");
    command->footer(kExamples);
    command->callback([request, &chosen] { chosen = [request] { return demo(*request); }; });
}

}  // namespace slicepool::cli
