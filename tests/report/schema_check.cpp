#include "report/schema_check.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>

namespace slicepool::test {
namespace {

using nlohmann::json;

const std::set<std::string> kKnownWords{
    "$schema",  "$defs",    "$ref",     "title",      "description",          "type",
    "const",    "enum",     "required", "properties", "additionalProperties", "items",
    "minItems", "maxItems", "minimum",  "anyOf"};

class Check {
public:
    explicit Check(const json& root) : root_(root) {}

    void visit(const json& value, const json& schema, const std::string& path) {
        for (const auto& [word, ignored] : schema.items())
            if (kKnownWords.count(word) == 0) throw std::runtime_error("the check does not know the word " + word);
        if (schema.contains("$ref")) visit(value, resolve(schema["$ref"]), path);
        if (schema.contains("const")) expect(value == schema["const"], path, "is not " + schema["const"].dump());
        if (schema.contains("enum")) {
            const json& allowed = schema["enum"];
            expect(std::find(allowed.begin(), allowed.end(), value) != allowed.end(), path,
                   value.dump() + " is not listed");
        }
        if (schema.contains("type")) check_type(value, schema["type"], path);
        if (schema.contains("minimum") && value.is_number())
            expect(value.get<double>() >= schema["minimum"].get<double>(), path, value.dump() + " is too small");
        if (schema.contains("anyOf")) check_any_of(value, schema["anyOf"], path);
        if (value.is_object()) check_object(value, schema, path);
        if (value.is_array()) check_array(value, schema, path);
    }

    std::vector<std::string> breaches;

private:
    const json& resolve(const std::string& reference) const {
        return root_.at(json::json_pointer(reference.substr(1)));
    }

    void expect(bool holds, const std::string& path, const std::string& otherwise) {
        if (!holds) breaches.push_back(path + ": " + otherwise);
    }

    static bool is_of(const json& value, const std::string& type) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_boolean();
        if (type == "integer") return value.is_number_integer();
        if (type == "number") return value.is_number();
        return type == "null" && value.is_null();
    }

    void check_type(const json& value, const json& types, const std::string& path) {
        const json list = types.is_array() ? types : json::array({types});
        expect(std::any_of(list.begin(), list.end(), [&](const json& type) { return is_of(value, type); }), path,
               value.dump() + " is not of type " + types.dump());
    }

    void check_any_of(const json& value, const json& schemas, const std::string& path) {
        expect(std::any_of(schemas.begin(), schemas.end(),
                           [&](const json& schema) {
                               Check inner(root_);
                               inner.visit(value, schema, path);
                               return inner.breaches.empty();
                           }),
               path, value.dump() + " fits none of anyOf");
    }

    void check_object(const json& value, const json& schema, const std::string& path) {
        for (const json& name : schema.value("required", json::array()))
            expect(value.contains(name.get<std::string>()), path, "lacks " + name.dump());
        const json properties = schema.value("properties", json::object());
        for (const auto& [name, member] : value.items()) {
            if (properties.contains(name))
                visit(member, properties[name], path + "/" + name);
            else
                expect(schema.value("additionalProperties", true), path, "has the unknown member " + name);
        }
    }

    void check_array(const json& value, const json& schema, const std::string& path) {
        expect(value.size() >= schema.value("minItems", std::size_t{0}), path, "has too few items");
        if (schema.contains("maxItems"))
            expect(value.size() <= schema["maxItems"].get<std::size_t>(), path, "has too many items");
        if (!schema.contains("items")) return;
        for (std::size_t i = 0; i < value.size(); ++i) visit(value[i], schema["items"], path + "/" + std::to_string(i));
    }

    const json& root_;
};

}  // namespace

std::vector<std::string> schema_breaches(const json& document, const json& schema) {
    Check check(schema);
    check.visit(document, schema, "");
    return check.breaches;
}

json load_json(const std::string& file) {
    std::ifstream stream(file);
    if (!stream) throw std::runtime_error("cannot open " + file);
    return json::parse(stream);
}

}  // namespace slicepool::test
