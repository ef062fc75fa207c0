#include "worker/failure_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <typeinfo>

#include <cxxabi.h>

namespace slicepool {

ThrownType::ThrownType() noexcept {
    const std::type_info* const type = abi::__cxa_current_exception_type();
    if (type == nullptr) return;
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> readable(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
    const std::string_view name = readable ? readable.get() : type->name();  // without memory the compiler's own name
    size_ = std::min(name.size(), name_.size());
    std::copy_n(name.begin(), size_, name_.begin());
}

FailureText split_failure(std::string_view joined) noexcept {
    const std::size_t end = joined.find(kTypeEnd);
    if (end == std::string_view::npos) return {{}, joined};
    return {joined.substr(0, end), joined.substr(end + 1)};
}

}  // namespace slicepool
