// current_slice_scope.hpp: names the slice in work for current_slice(), as long as it lives.
// For the worker loop only.
#pragma once

#include <cstdint>

namespace slicepool {

/// Nests: a run inside a slice gives the outer slice back at its end.
class CurrentSliceScope {
public:
    explicit CurrentSliceScope(std::int64_t index) noexcept;
    ~CurrentSliceScope();
    CurrentSliceScope(const CurrentSliceScope&) = delete;
    CurrentSliceScope& operator=(const CurrentSliceScope&) = delete;

private:
    std::int64_t outer_;
};

}  // namespace slicepool
