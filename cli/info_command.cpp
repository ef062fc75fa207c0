#include "info_command.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/shape.hpp>
#include <slicepool/io/info.hpp>

#include "exit_code.hpp"
#include "text.hpp"

namespace slicepool::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kExamples = R"(Examples:
  slicepool info scan.npy
  slicepool info scan.h5
  slicepool info scan.h5:/entry --json)";

/// What a run over a volume takes, before the filter's scratch.
struct Needs {
    Shape shape;
    std::size_t input_bytes = 0;
    bool input_mapped = false;  ///< used where it lies in the file; else read into memory
    std::size_t output_float32_bytes = 0;
};

std::optional<Needs> needs_of(const io::DatasetInfo& dataset) {
    if (!dataset.volume) return std::nullopt;
    Needs needs{.shape = {dataset.shape.at(0), dataset.shape.at(1), dataset.shape.at(2)}};
    needs.input_bytes = checked_bytes(needs.shape, parse_dtype(dataset.dtype));
    needs.input_mapped = dataset.storage.find("mapped") != std::string::npos;
    needs.output_float32_bytes = checked_bytes(needs.shape, DType::f32);
    return needs;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

void print_text(const std::vector<io::DatasetInfo>& datasets) {
    for (const io::DatasetInfo& dataset : datasets) {
        if (!dataset.path.empty()) fmt::print("{}  ", dataset.path);
        fmt::print("{} {}  {}\n", dataset.dtype, shape_text(dataset.shape), dataset.storage);
        const std::optional<Needs> needs = needs_of(dataset);
        if (!needs) {
            fmt::print("    cannot be opened as a volume: {}\n", dataset.why_not);
            continue;
        }
        fmt::print("    a run: input {} {}, output {} as float32\n",
                   bytes_text(static_cast<double>(needs->input_bytes)),
                   needs->input_mapped ? "mapped from the file" : "read into memory",
                   bytes_text(static_cast<double>(needs->output_float32_bytes)));
        for (int axis = 0; axis < 3; ++axis)
            fmt::print("    --axis {}: {} of {}\n", axis, count_text(needs->shape[axis], "slice"),
                       to_string(slice_shape(needs->shape, axis)));
    }
}

void print_json(const std::string& file, const std::vector<io::DatasetInfo>& datasets) {
    Json list = Json::array();
    for (const io::DatasetInfo& dataset : datasets) {
        Json entry{{"path", dataset.path},       {"shape", dataset.shape},   {"dtype", dataset.dtype},
                   {"storage", dataset.storage}, {"volume", dataset.volume}, {"why_not", dataset.why_not}};
        if (const std::optional<Needs> needs = needs_of(dataset))
            entry["run"] = {{"input_bytes", needs->input_bytes},
                            {"input_mapped", needs->input_mapped},
                            {"output_float32_bytes", needs->output_float32_bytes},
                            {"slices", {needs->shape[0], needs->shape[1], needs->shape[2]}}};
        else
            entry["run"] = nullptr;
        list.push_back(std::move(entry));
    }
    const Json document{{"file", file}, {"datasets", std::move(list)}};
    fmt::print("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
}

struct InfoRequest {
    std::string file;
    bool json = false;
};

int show_info(const InfoRequest& request) {
    const std::vector<io::DatasetInfo> datasets = io::inspect(request.file);
    if (request.json)
        print_json(request.file, datasets);
    else if (datasets.empty())
        fmt::print("{} holds no dataset\n", request.file);
    else
        print_text(datasets);
    return kAllDone;
}

}  // namespace

void add_info_command(CLI::App& app, std::function<int()>& chosen) {
    const auto request = std::make_shared<InfoRequest>();
    CLI::App* const command = app.add_subcommand("info", "Show what a file holds, and what a run over it would need");
    command->add_option("FILE", request->file, "file.npy, file.h5, or file.h5:/path for a part of it")->required();
    command->add_flag("--json", request->json, "the same for programs");
    command->footer(kExamples);
    command->callback([request, &chosen] { chosen = [request] { return show_info(*request); }; });
}

}  // namespace slicepool::cli
