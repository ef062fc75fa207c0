// json.hpp: a run's report as JSON, for programs that read what happened.
// Nothing is measured or decided here. Fields: docs/report.md; schema: docs/report.schema.json.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/report.hpp>
#include <slicepool/core/shape.hpp>

namespace slicepool::report {

/// One end of a run: what was read, or what was to be written.
struct VolumeFacts {
    std::string location;  ///< as the user wrote it
    Shape shape;           ///< of the whole volume; for the input before slices are selected
    DType dtype = DType::f32;
};

/// What a Report does not know: who asked for the run, and what happened around it.
struct ReportContext {
    std::string version;               ///< of the program that writes the report
    std::vector<std::string> command;  ///< the command line, word by word
    std::string started_at;            ///< ISO 8601 with a time zone, "2026-01-31T12:00:00Z"
    VolumeFacts input;
    VolumeFacts output;
    bool output_written = false;       ///< the output has got its name
    std::vector<std::string> filters;  ///< as the user wrote them, in order
    double open_seconds = 0.0;         ///< before the run: opening the input, making the output
    double write_seconds = 0.0;        ///< after the run: flushing the output to disk
};

/// A JSON object, indented by two spaces, with a line feed at the end; always valid UTF-8 (bytes that are none become
/// U+FFFD). Times are in seconds, sizes in bytes; what is unknown or does not apply is null.
[[nodiscard]] std::string to_json(const Report& report, const ReportContext& context);

/// `seconds` since 1970-01-01 as started_at wants it.
[[nodiscard]] std::string iso_time(std::int64_t seconds);

}  // namespace slicepool::report
