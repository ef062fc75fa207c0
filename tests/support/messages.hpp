// messages.hpp: what an action throws, as text, and which words that text lacks.
// Instead of Catch's string matchers, whose names differ between its versions 2 and 3.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace slicepool::test {

/// The message of the `Exception` that `action` throws; it says so when there is none.
template <class Exception, class Action>
[[nodiscard]] std::string message_of(Action&& action) {
    try {
        action();
    } catch (const Exception& error) {
        return error.what();
    }
    return "(nothing was thrown)";
}

/// "" when `text` contains all `parts`, else the first it lacks, with the text.
[[nodiscard]] inline std::string missing_in(std::string_view text, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts)
        if (text.find(part) == std::string_view::npos)
            return "'" + std::string(part) + "' is not in: " + std::string(text);
    return {};
}

}  // namespace slicepool::test
