#include "demo_peers.hpp"

#include <chrono>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <slicepool/core/error.hpp>

#include "os/launch.hpp"

namespace slicepool::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kCheckLimit = 120s;  // a first import of scipy from a slow disk
constexpr auto kWorkLimit = 3600s;

/// Prints the modules that are missing, with blanks between.
constexpr const char* kCheckScript = R"(import importlib
missing = []
for name in ("numpy", "scipy.ndimage", "joblib"):
    try: importlib.import_module(name)
    except Exception: missing.append(name.partition(".")[0])
print(*missing))";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    return text;
}

std::string_view last_line(std::string_view text) {
    text = trimmed(text);
    const std::size_t end = text.rfind('\n');
    return end == std::string_view::npos ? text : text.substr(end + 1);
}

std::string install_advice(const std::string& program, std::string_view missing) {
    std::string packages;
    for (std::string_view rest = missing; !rest.empty();) {
        const std::size_t blank = rest.find(' ');
        packages += fmt::format(" python3-{}", rest.substr(0, blank));
        rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
    }
    return fmt::format("{0} lacks {1}: 'apt install{2}' or '{0} -m pip install {1}' adds what is missing", program,
                       missing, packages);
}

}  // namespace

Python find_python(const std::stop_token& stop) {
    std::vector<std::string> candidates;
    if (const auto found = os::find_program("python3")) candidates.push_back(*found);
    const std::string usual = "/usr/bin/python3";
    if (std::filesystem::exists(usual) && (candidates.empty() || candidates.front() != usual))
        candidates.push_back(usual);
    Python python{.program = {},
                  .why_not =
                      "there is no python3 in PATH: 'apt install python3-numpy python3-scipy "
                      "python3-joblib' brings all that is needed"};
    bool first = true;
    for (const std::string& candidate : candidates) {
        const os::ProgramResult check = os::run_program({candidate, "-c", kCheckScript}, kCheckLimit, stop);
        const bool ran = check.status.signal == 0 && check.status.code == 0 && !check.ended_by_us;
        const std::string_view missing = trimmed(check.output);
        if (ran && missing.empty()) return {candidate, {}};
        if (first)
            python.why_not = ran ? install_advice(candidate, missing)
                                 : fmt::format("{} does not run: {}", candidate, last_line(check.error_output));
        first = false;
    }
    return python;
}

std::optional<PeerResult> run_peers(const Python& python, const PeerRequest& request, const std::stop_token& stop) {
    const DemoSize& size = request.size;
    const nlohmann::json words{
        {"shape", {size.shape.depth, size.shape.height, size.shape.width}},
        {"block", {size.block_rows[0], size.block_rows[1], size.block_columns[0], size.block_columns[1]}},
        {"sigma", kDemoSigma},
        {"jobs", request.jobs},
        {"warm_runs", request.warm_runs},
        {"slice", request.slice},
        {"slice_file", request.slice_file.native()}};
    const os::ProgramResult ended =
        os::run_program({python.program, "-c", kPeersScript, words.dump()}, kWorkLimit, stop);
    if (stop.stop_requested()) return std::nullopt;
    if (ended.ended_by_us || ended.status.signal != 0 || ended.status.code != 0)
        throw Error(fmt::format("the comparison with Python failed in {}: {}", python.program,
                                ended.status.signal != 0 ? fmt::format("ended by signal {}", ended.status.signal)
                                                         : std::string(last_line(ended.error_output))));
    try {
        const nlohmann::json answer = nlohmann::json::parse(last_line(ended.output));
        PeerResult result{.versions = answer.at("versions"), .scipy_version = answer.at("scipy"), .times = {}};
        for (const nlohmann::json& row : answer.at("rows"))
            result.times.push_back({row.at("name"), row.at("cold"), row.at("warm"), row.at("memory")});
        return result;
    } catch (const nlohmann::json::exception& error) {
        throw Error(fmt::format("the comparison with Python answered nonsense: {}", error.what()));
    }
}

}  // namespace slicepool::cli
