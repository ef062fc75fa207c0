#include <slicepool/core/defaults.hpp>

#include <slicepool/core/core_share.hpp>
#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

namespace slicepool {
namespace {

thread_local Defaults of_this_thread;

template <class T>
void take_if_silent(std::optional<T>& member, const std::optional<T>& other) {
    if (!member) member = other;
}

/// What `parse` makes of an environment variable; nothing where it is not set.
template <class T, class Parse>
std::optional<T> from_environment(const char* name, Parse parse) {
    const char* const text = std::getenv(name);
    if (text == nullptr || *text == '\0') return std::nullopt;
    try {
        return parse(text);
    } catch (const InvalidArgument& error) {
        throw InvalidArgument(fmt::format("environment variable {}: {}", name, error.what()));
    }
}

int parse_jobs(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        throw InvalidArgument(fmt::format("n_jobs '{}' is not a whole number such as 4 or -1", text));
    static_cast<void>(effective_jobs(number, 1));  // 0 has no meaning
    return number;
}

}  // namespace

ScopedDefaults::ScopedDefaults(const Defaults& defaults) noexcept : outer_(of_this_thread) {
    Defaults inner = defaults;
    take_if_silent(inner.n_jobs, outer_.n_jobs);
    take_if_silent(inner.backend, outer_.backend);
    take_if_silent(inner.memory_per_worker, outer_.memory_per_worker);
    take_if_silent(inner.inner_threads, outer_.inner_threads);
    of_this_thread = inner;
}

ScopedDefaults::~ScopedDefaults() { of_this_thread = outer_; }

Defaults current_defaults() {
    Defaults defaults = of_this_thread;
    const bool in_worker = core_share().has_value();
    if (!defaults.n_jobs && !in_worker) defaults.n_jobs = from_environment<int>("SLICEPOOL_N_JOBS", parse_jobs);
    if (!defaults.backend && !in_worker)
        defaults.backend = from_environment<Backend>("SLICEPOOL_BACKEND", parse_backend);
    if (!defaults.memory_per_worker)
        defaults.memory_per_worker = from_environment<std::size_t>("SLICEPOOL_MEMORY_PER_WORKER", parse_bytes);
    return defaults;
}

std::size_t parse_bytes(std::string_view text) {
    constexpr std::string_view kPrefixes = "KMGT";
    constexpr double kMost = 9e18;  // below what std::size_t holds
    std::string_view digits = text;
    double unit = 1.0;
    if (!text.empty())
        if (const std::size_t prefix = kPrefixes.find(text.back()); prefix != std::string_view::npos) {
            unit = std::pow(1000.0, static_cast<double>(prefix + 1));
            digits.remove_suffix(1);
        }
    double number = 0.0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() ||
        !(number * unit >= 1.0 && number * unit < kMost))
        throw InvalidArgument(fmt::format("'{}' is not a number of bytes such as 4096, 512K or 1.5G", text));
    return static_cast<std::size_t>(number * unit);
}

}  // namespace slicepool
