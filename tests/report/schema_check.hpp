// schema_check.hpp: whether a JSON document keeps to a JSON Schema.
// Only the words that docs/report.schema.json uses; any other word in a schema is an error, not passed over.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace slicepool::test {

/// Every breach, as "path: what is wrong"; none when the document is valid. Throws std::runtime_error for a schema with a
/// word it does not know.
[[nodiscard]] std::vector<std::string> schema_breaches(const nlohmann::json& document, const nlohmann::json& schema);

/// Docs' schema, parsed.
[[nodiscard]] nlohmann::json load_json(const std::string& file);

}  // namespace slicepool::test
