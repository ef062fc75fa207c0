#include <slicepool/core/core_share.hpp>

#include "core/process_core_share.hpp"

#include <algorithm>

namespace slicepool {
namespace {

std::optional<int> share_of_process;
thread_local std::optional<int> share_of_thread;

}  // namespace

std::optional<int> core_share() noexcept { return share_of_thread ? share_of_thread : share_of_process; }

CoreShareScope::CoreShareScope(std::optional<int> share) noexcept : outer_(share_of_thread) {
    if (share) share_of_thread = std::max(*share, 1);
}

CoreShareScope::~CoreShareScope() { share_of_thread = outer_; }

void set_core_share_of_process(int share) noexcept { share_of_process = std::max(share, 1); }

}  // namespace slicepool
