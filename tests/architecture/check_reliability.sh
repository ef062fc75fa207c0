#!/usr/bin/env bash
# check_reliability.sh [ROOT]: holds the table of faults in docs/reliability.md against the tests that are there.
# It says nothing about whether a test shows what the row says. A test is a TEST_CASE, or what add_test names in a
# CMakeLists.txt.
#
# Prints one line per finding: a row that is missing or out of order, a row without a test or "untested: REASON", a name
# that no test has, a TEST_CASE of tests/crash that the page does not name. Ends with 1 if there are any, with 2 if
# there is no such page.
set -euo pipefail
export LC_ALL=C
cd "${1:-.}"
page=docs/reliability.md
rows="${SLICEPOOL_FAULTS:-45}"
[[ -f "$page" ]] || { echo "check_reliability.sh: no $page in $PWD" >&2; exit 2; }

# names_in FILE...: the names of test cases, one a line; a name may be several literals over several lines.
names_in() {
    cat "$@" | awk '
        /^[ \t]*\/\// { next }
        { text = text $0 "\n" }
        END {
            while (match(text, /TEST_CASE\([ \n]*"/)) {
                text = substr(text, RSTART + RLENGTH)
                name = ""
                while (match(text, /^([^"\\]|\\.)*"/)) {
                    name = name substr(text, 1, RLENGTH - 1)
                    text = substr(text, RLENGTH + 1)
                    if (!match(text, /^[ \n]*"/)) break
                    text = substr(text, RLENGTH + 1)
                }
                print name
            }
        }'
}

# Line ends within a name are blanks.
named="$(tr '\n' ' ' <"$page" | { grep -oE '"[^"|]+"' || true; } | tr -d '"' | sort -u)"
mapfile -t files < <(find tests -name '*.cpp' | sort)
tests="$({ names_in "${files[@]}"; find tests -name CMakeLists.txt -exec grep -hoE '^add_test\(NAME "[^"]+"' {} + |
    sed 's/^[^"]*"//; s/"$//'; } | sort -u)"
crash_tests="$(find tests/crash -name '*.cpp' -exec cat {} + | names_in /dev/stdin | sort -u)"

findings="$(
    awk -F' *[|] *' -v rows="$rows" '
        $2 ~ /^[0-9]+$/ {
            if ($2 > rows) { print "row " $2 " of the table of faults is one too many"; next }
            if ($2 != ++row) { print "row " row " of the table of faults is not there: found " $2; row = $2 }
            if ($5 !~ /"[^"]+"/ && $5 !~ /^untested: ./) print "row " $2 " names no test and has no \"untested: REASON\""
        }
        END { if (row < rows) print "the table of faults ends with row " row + 0 ", not " rows }' "$page"
    # Of quoted words only those in the last column and in the list below the table are names of tests.
    { awk -F' *[|] *' '$2 ~ /^[0-9]+$/ { print $5 }' "$page"; awk '/^And of the policy:/ { on = 1 } on' "$page"; } |
        tr '\n' ' ' | grep -oE '"[^"|]+"' | tr -d '"' | sort -u | comm -23 - <(echo "$tests") |
        sed 's/.*/no test is called "&"/'
    comm -13 <(echo "$named") <(echo "$crash_tests") | sed 's/.*/of tests\/crash not on the page: "&"/'
)"
if [[ -n "$findings" ]]; then
    sed "s|^|$page: |" <<<"$findings"
    exit 1
fi
