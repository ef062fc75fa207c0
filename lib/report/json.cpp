#include <slicepool/report/json.hpp>

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace slicepool::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;
constexpr int kIndent = 2;

template <class T>
Json value_or_null(const T& value, bool known) {
    return known ? Json(value) : Json(nullptr);
}

Json facts(const VolumeFacts& volume) {
    return {{"location", volume.location},
            {"shape", {volume.shape.depth, volume.shape.height, volume.shape.width}},
            {"dtype", name_of(volume.dtype)},
            {"bytes", static_cast<std::size_t>(volume.shape.count()) * size_of(volume.dtype)}};
}

Json cause_of(const Cause& cause) {
    const bool crashed = cause.kind == SliceStatus::crashed;
    return {{"kind", name_of(cause.kind)},
            {"signal", value_or_null(cause.signal, crashed && cause.signal != 0)},
            {"exit_code", value_or_null(cause.exit_code, crashed && cause.signal == 0)},
            {"text", cause.text},
            {"type", value_or_null(cause.type, !cause.type.empty())},
            {"trace", cause.trace},
            {"stderr_tail", cause.stderr_tail},
            {"description", describe(cause)}};
}

Json outcome_of(const SliceOutcome& slice) {
    const bool tried = slice.attempts > 0;
    Json causes = Json::array();
    for (const Cause& cause : slice.causes) causes.push_back(cause_of(cause));
    return {{"index", slice.index},
            {"status", name_of(slice.status)},
            {"attempts", slice.attempts},
            {"worker", value_or_null(slice.worker, tried && slice.worker >= 0)},
            {"start_seconds", value_or_null(slice.start_seconds, tried)},
            {"seconds", value_or_null(slice.seconds, tried)},
            {"causes", std::move(causes)}};
}

Json life_of(const WorkerLife& worker) {
    const bool died = worker.death_seconds >= 0;
    return {{"slot", worker.slot},
            {"incarnation", worker.incarnation},
            {"pid", value_or_null(worker.pid, worker.pid != 0)},
            {"birth_seconds", worker.birth_seconds},
            {"death_seconds", value_or_null(worker.death_seconds, died)},
            {"retired", worker.retired},
            {"cause", died && !worker.retired ? cause_of(worker.cause) : Json(nullptr)},
            {"slice", value_or_null(worker.slice, worker.slice >= 0)},
            {"slices_done", worker.slices_done},
            {"busy_seconds", worker.busy_seconds},
            {"cpu_seconds", worker.cpu_seconds}};
}

Json totals_of(const Report& report, const ReportContext& context) {
    Json totals{{"slices", report.total()}};
    for (const SliceStatus status : {SliceStatus::done, SliceStatus::failed, SliceStatus::crashed,
                                     SliceStatus::timed_out, SliceStatus::forbidden, SliceStatus::not_run})
        totals[std::string(name_of(status))] = report.count(status);
    totals["retries"] = report.retries();
    totals["workers_died"] = report.deaths();
    totals["workers_retired"] = std::ranges::count_if(report.workers, &WorkerLife::retired);
    totals["wall_seconds"] = report.wall_seconds;
    totals["open_seconds"] = context.open_seconds;
    totals["write_seconds"] = context.write_seconds;
    totals["startup_seconds"] = report.startup_seconds;
    totals["cpu_seconds"] = report.cpu_seconds;
    totals["wait_seconds"] = report.wait_seconds;
    totals["peak_memory_bytes"] = value_or_null(report.peak_memory_bytes, report.peak_memory_bytes != 0);
    totals["copied_bytes"] = report.copied_bytes;
    totals["scratch_bytes_per_worker"] = report.scratch_bytes_per_worker;
    return totals;
}

}  // namespace

std::string to_json(const Report& report, const ReportContext& context) {
    Json output = facts(context.output);
    output["written"] = context.output_written;
    Json slices = Json::array();
    for (const SliceOutcome& slice : report.slices) slices.push_back(outcome_of(slice));
    Json slowest = Json::array();
    for (const ItemTime& slice : report.slowest)
        slowest.push_back({{"index", slice.index}, {"seconds", slice.seconds}});
    Json workers = Json::array();
    for (const WorkerLife& worker : report.workers) workers.push_back(life_of(worker));

    const Json document{{"schema", "slicepool-report"},
                        {"schema_version", kSchemaVersion},
                        {"version", context.version},
                        {"command", context.command},
                        {"started_at", context.started_at},
                        {"input", facts(context.input)},
                        {"output", std::move(output)},
                        {"filters", context.filters},
                        {"backend", name_of(report.backend)},
                        {"axis", report.axis},
                        {"item", report.item},
                        {"worker_count", report.worker_count},
                        {"ok", report.ok()},
                        {"interrupted", report.interrupted},
                        {"gave_up", value_or_null(report.gave_up, !report.gave_up.empty())},
                        {"totals", totals_of(report, context)},
                        {"slices", std::move(slices)},
                        {"slowest", std::move(slowest)},
                        {"workers", std::move(workers)}};
    return document.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string iso_time(std::int64_t seconds) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace slicepool::report
