#include <slicepool/core/options.hpp>

#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace slicepool {

std::string_view name_of(Backend backend) noexcept {
    switch (backend) {
        case Backend::serial: return "serial";
        case Backend::threads: return "threads";
        case Backend::processes: break;
    }
    return "processes";
}

Backend parse_backend(std::string_view name) {
    for (const Backend backend : {Backend::serial, Backend::threads, Backend::processes})
        if (name == name_of(backend)) return backend;
    throw InvalidArgument(fmt::format("backend '{}' is none of serial, threads, processes", name));
}

std::string_view name_of(Placement placement) noexcept {
    switch (placement) {
        case Placement::cores: return "cores";
        case Placement::nodes: return "nodes";
        case Placement::none: break;
    }
    return "none";
}

Fill Fill::nan() noexcept { return Fill(Kind::value, std::numeric_limits<double>::quiet_NaN()); }

Fill parse_fill(std::string_view text) {
    if (text == "nan") return Fill::nan();
    if (text == "zero") return Fill::zero();
    if (text == "copy_input") return Fill::copy_input();
    double number = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        throw InvalidArgument(fmt::format("fill '{}' is none of nan, zero, copy_input or a number", text));
    return Fill::value(number);
}

std::optional<double> Progress::rate() const noexcept {
    const std::int64_t settled = done + failed;
    if (settled == 0 || elapsed.count() <= 0) return std::nullopt;
    return static_cast<double>(settled) / elapsed.count();
}

std::optional<std::chrono::duration<double>> Progress::eta() const noexcept {
    const auto pace = rate();
    if (!pace) return std::nullopt;
    return std::chrono::duration<double>(static_cast<double>(total - done - failed) / *pace);
}

int effective_jobs(int n_jobs, int usable_cores) {
    if (n_jobs == 0)
        throw InvalidArgument("n_jobs 0 has no meaning: give a number of workers, or -1 for all usable cores");
    return n_jobs > 0 ? n_jobs : std::max(1, usable_cores + 1 + n_jobs);
}

}  // namespace slicepool
