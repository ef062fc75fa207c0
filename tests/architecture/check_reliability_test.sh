#!/usr/bin/env bash
# check_reliability_test.sh: check_reliability.sh finds each way in which a page can be stale, and nothing in a good one.
# It says nothing about slicepool's own page.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
check="$PWD/check_reliability.sh"
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/docs" "$root/tests/crash" "$root/tests/os"
failed=0

# expect WHAT FOUND: writes the page from standard input; FOUND is a part of the only finding, or empty for none.
expect() {
    local what="$1" found="$2" said status=0
    cat >"$root/docs/reliability.md"
    said="$(SLICEPOOL_FAULTS=2 bash "$check" "$root")" || status=$?
    if [[ -z "$found" && $status -eq 0 && -z "$said" ]]; then return; fi
    if [[ -n "$found" && $status -eq 1 && "$said" == *"$found"* && "$(wc -l <<<"$said")" -eq 1 ]]; then return; fi
    printf '%s: expected "%s", got status %s and:\n%s\n' "$what" "$found" "$status" "$said"
    failed=1
}

printf 'TEST_CASE("a fault is survived", "[a]") {}\nTEST_CASE(\n    "a long name is "\n    "in two parts", "[a]") {}\n' \
    >"$root/tests/crash/fault_test.cpp"
printf 'TEST_CASE("elsewhere", "") {}\n// TEST_CASE("a fault of old", "") {}\n' >"$root/tests/os/other_test.cpp"

printf '# add_test(NAME "commented out")\nadd_test(NAME "by hand: all is well"\n  COMMAND true)\n' >"$root/tests/os/CMakeLists.txt"
expect "a test that CMake names" "" <<'P'
| 1 | one | ends | "a fault is survived"; "by hand: all is well" |
| 2 | two | ends | "a long name is in two parts" |
P
expect "a test that CMake does not name any more" 'no test is called "commented out"' <<'P'
| 1 | one | ends | "a fault is survived"; "commented out" |
| 2 | two | ends | "a long name is in two parts" |
P
expect "a good page" "" <<'P'
A "quoted word" is no name.
| 1 | one | ends | "a fault is survived"; "elsewhere" |
| 2 | two | ends | untested: cannot be arranged |

And of the policy: "a long name is
in two parts".
P
expect "a row is missing" "ends with row 1, not 2" <<'P'
| 1 | one | ends | "a fault is survived"; "a long name is in two parts" |
P
expect "rows out of order" "row 1 of the table of faults is not there" <<'P'
| 2 | one | ends | "a fault is survived"; "a long name is in two parts" |
P
expect "a row too many" "row 3 of the table of faults is one too many" <<'P'
| 1 | one | ends | "a fault is survived"; "a long name is in two parts" |
| 2 | two | ends | "elsewhere" |
| 3 | three | ends | "elsewhere" |
P
expect "a test that is a comment" 'no test is called "a fault of old"' <<'P'
| 1 | one | ends | "a fault is survived"; "a long name is in two parts" |
| 2 | two | ends | "a fault of old" |
P
expect "a row without a test" "row 2 names no test" <<'P'
| 1 | one | ends | "a fault is survived"; "a long name is in two parts" |
| 2 | two | ends | |
P
expect "a test that is gone" 'no test is called "a fault is forgotten"' <<'P'
| 1 | one | ends | "a fault is survived"; "a long name is in two parts" |
| 2 | two | ends | "a fault is forgotten" |
P
expect "a test in no row" 'not on the page: "a long name is in two parts"' <<'P'
| 1 | one | ends | "a fault is survived" |
| 2 | two | ends | "elsewhere" |
P


# A page without any name: every finding is printed all the same.
echo "No table." >"$root/docs/reliability.md"
said="$(SLICEPOOL_FAULTS=2 bash "$check" "$root")" || true
if [[ "$said" != *"ends with row 0, not 2"* ]]; then
    printf 'a page without a table: got "%s"\n' "$said"
    failed=1
fi

rm "$root/docs/reliability.md"
status=0
bash "$check" "$root" 2>/dev/null || status=$?
if [[ $status -ne 2 ]]; then
    echo "a tree without the page should end with 2, not $status"
    failed=1
fi
exit $failed
