// error.hpp: the exceptions slicepool throws when a request or the machine fails, before any slice runs.
// What happens to a slice or a worker during a run is a value in the Report, never one of these.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace slicepool {

/// Root of the family; the message names the thing, its value and what would be right.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The caller asked for something that cannot run: an axis, a shape, a parameter.
class InvalidArgument : public Error {
public:
    using Error::Error;
};

/// A file is not what it says it is, or is of a kind we do not read.
class FormatError : public Error {
public:
    using Error::Error;
};

/// The operating system refused. The message reads "operation 'object': reason".
class SystemError : public Error {
public:
    SystemError(std::string_view operation, std::string_view object, std::error_code code);
    /// As above with a hint of what would help, appended in parentheses.
    SystemError(std::string_view operation, std::string_view object, std::error_code code, std::string_view hint);
    /// `cause` with what it happened in before its message: "context: operation 'object': reason".
    SystemError(std::string_view context, const SystemError& cause);

    [[nodiscard]] const std::error_code& code() const noexcept { return code_; }

private:
    std::error_code code_;
};

/// errno of the calling thread as an error_code.
[[nodiscard]] std::error_code last_system_error() noexcept;

}  // namespace slicepool
