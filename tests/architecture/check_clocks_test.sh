#!/usr/bin/env bash
# check_clocks_test.sh: check_clocks.sh finds each way to a clock that can be set, and nothing in what is allowed.
# It says nothing about slicepool's own sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
check="$PWD/check_clocks.sh"
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/lib/os" "$root/include/slicepool"
failed=0

# expect STATUS FILE LINE
expect() {
    local said status=0
    printf '%s\n' "$3" >"$root/$2"
    said="$(bash "$check" "$root")" || status=$?
    rm "$root/$2"
    if [[ $status -eq $1 && ($1 -eq 0 || "$said" == "$2:1:$3") ]]; then return; fi
    printf '"%s" should end with %s, got %s and:\n%s\n' "$3" "$1" "$status" "$said"
    failed=1
}

while IFS= read -r line; do expect 1 lib/os/clock.cpp "$line"; done <<'BAD'
const auto now = std::chrono::system_clock::now();
using Clock = std::chrono::high_resolution_clock;
::clock_gettime(CLOCK_REALTIME, &now);
::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, value, &limit);
const std::time_t start = std::time(nullptr);
const auto start = ::time(&seconds);
if (time(0) > deadline) return;
gettimeofday(&now, nullptr);
sem_timedwait(&semaphore, &limit);
pthread_cond_timedwait(&condition, &mutex, &limit);
condition.timed_wait(lock, limit);
const auto limit = boost::posix_time::microsec_clock::universal_time();
BAD
while IFS= read -r line; do expect 0 lib/os/clock.cpp "$line"; done <<'GOOD'
const auto now = std::chrono::steady_clock::now();
// not system_clock: somebody may set it
wait(limit);  // CLOCK_REALTIME would be wrong here
::clock_gettime(CLOCK_MONOTONIC, &now);
const std::uint64_t up_time = 0;
worker.start_time(0);
worker.time(0);
const double run_time(0);
GOOD
expect 1 include/slicepool/clock.hpp 'using Clock = std::chrono::system_clock;'

rm -r "$root/lib"
status=0
bash "$check" "$root" 2>/dev/null || status=$?
if [[ $status -ne 2 ]]; then
    echo "a tree without lib/ should end with 2, not $status"
    failed=1
fi
exit $failed
