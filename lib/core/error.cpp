#include <slicepool/core/error.hpp>

#include <fmt/format.h>

#include <cerrno>

namespace slicepool {

SystemError::SystemError(std::string_view operation, std::string_view object, std::error_code code)
    : Error(fmt::format("{} '{}': {}", operation, object, code.message())), code_(code) {}

SystemError::SystemError(std::string_view operation, std::string_view object, std::error_code code,
                         std::string_view hint)
    : Error(fmt::format("{} '{}': {} ({})", operation, object, code.message(), hint)), code_(code) {}

SystemError::SystemError(std::string_view context, const SystemError& cause)
    : Error(fmt::format("{}: {}", context, cause.what())), code_(cause.code_) {}

std::error_code last_system_error() noexcept { return {errno, std::system_category()}; }

}  // namespace slicepool
