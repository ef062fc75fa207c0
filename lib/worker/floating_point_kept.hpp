// floating_point_kept.hpp: floating-point modes are the same after user code as before.
#pragma once

#include <cfenv>

namespace slicepool {

/// User code may leave another rounding mode, or denormals switched off; the next must not see it.
class FloatingPointKept {
public:
    FloatingPointKept() noexcept { std::fegetenv(&before_); }
    ~FloatingPointKept() { std::fesetenv(&before_); }
    FloatingPointKept(const FloatingPointKept&) = delete;
    FloatingPointKept& operator=(const FloatingPointKept&) = delete;

private:
    std::fenv_t before_{};
};

}  // namespace slicepool
