// failure_text.hpp: how what was thrown travels from a worker to the host: its type and its text in one string.
// Where the string is kept on the way is the benches'.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace slicepool {

/// The type of the exception being handled, "std::invalid_argument" or "int", cut to some 100 characters. For use in a
/// handler.
class ThrownType {
public:
    ThrownType() noexcept;
    /// Empty when the exception is not C++'s. Borrowed.
    [[nodiscard]] std::string_view name() const noexcept { return {name_.data(), size_}; }

private:
    std::array<char, 100> name_{};
    std::size_t size_ = 0;
};

/// Stands between type and text. No type's name has it.
inline constexpr char kTypeEnd = '\x1f';

struct FailureText {
    std::string_view type;  ///< empty when unknown
    std::string_view text;
};

/// What was joined with kTypeEnd; without one all of it is text. Borrowed.
[[nodiscard]] FailureText split_failure(std::string_view joined) noexcept;

}  // namespace slicepool
