#include <slicepool/core/current_slice.hpp>

#include "core/current_slice_scope.hpp"

namespace slicepool {
namespace {

thread_local std::int64_t index_in_work = -1;

}  // namespace

std::int64_t current_slice() noexcept { return index_in_work; }

CurrentSliceScope::CurrentSliceScope(std::int64_t index) noexcept : outer_(index_in_work) { index_in_work = index; }

CurrentSliceScope::~CurrentSliceScope() { index_in_work = outer_; }

}  // namespace slicepool
