#!/usr/bin/env bash
# check_model.sh: has SPIN search ledger.pml: the sound rules in several sizes, then each mistake, which must be found.
# It says nothing about the C++ code; what the model leaves out stands at the head of ledger.pml.
#
# Prints one line per configuration. Ends with 1 if a sound one has an error, was not searched to the end (every search
# is exhaustive, none is by bitstate) or never takes some step, or if a mistake is not found or is taken for another
# one; with 2 if a search cannot be made; with 77 if there is no SPIN here. One core, under 1 GB.
set -Eeuo pipefail
export LC_ALL=C
model="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/ledger.pml"
compiler="${CC:-gcc}"
for program in spin "$compiler"; do
    command -v "$program" >/dev/null ||
        { echo "skipped: the program '$program' is not installed, and SPIN models are searched with it"; exit 77; }
done

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
trap 'echo "check_model.sh:$LINENO: the check itself failed" >&2; exit 2' ERR
wrong=0

# How each kind of property is searched: flags for the compiler, then for pan.
#   safety  assertions, and no state in which nothing can happen before the run has ended
#   cycles  no step may be repeated for ever: no order of steps is endless, fair or not (together: every run ends)
#   fair    <>over where workers look again and again: it ends if each process that can move does so some time
declare -A compile=([safety]=-DSAFETY [cycles]=-DNP [fair]=) search=([safety]=-w23 [cycles]="-w23 -l" [fair]="-w20 -a -f")

# search_model PROPERTY DEFINE...: pan's output in $work/pan.txt, the states and the depth in $states and $depth.
search_model() {
    local property="$1"
    shift
    rm -rf "$work/pan"
    mkdir "$work/pan"
    (
        cd "$work/pan"
        spin "${@/#/-D}" -a "$model" >spin.txt 2>&1 && [[ -s pan.c ]] || { cat spin.txt >&2; exit 2; }
        # shellcheck disable=SC2086  # several flags, or none
        "$compiler" -O1 -w ${compile[$property]} -DCOLLAPSE -DMEMLIM=1900 -o pan pan.c
        # shellcheck disable=SC2086
        ./pan -m20000 ${search[$property]} >"$work/pan.txt" 2>&1 || true  # some versions end with the count of errors
    ) || exit 2
    states="$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' "$work/pan.txt")"
    depth="$(sed -nE 's/.*depth reached ([0-9]+), errors: .*/\1/p' "$work/pan.txt")"
    [[ -n "$states" && -n "$depth" ]] || { cat "$work/pan.txt" >&2; exit 2; }
}

# line RESULT PROPERTY DEFINE...
line() {
    local result="$1" property="$2"
    shift 2
    printf '%-6s %-72s %9s states, depth %4s: %s\n' "$property" "$*" "$states" "$depth" "$result"
}

# sound PROPERTY DEFINE...
sound() {
    search_model "$@"
    local result="no error, searched to the end" unreached
    # Where a process ends is no step; workers wait there instead.
    unreached="$(awk '/^unreached in proctype/ { inside = 1; next } /^unreached/ { inside = 0 }
        inside && /ledger\.pml:/ && !/"-end-"/ { sub(/.*ledger\.pml:/, ""); sub(/,.*/, ""); print }' "$work/pan.txt" |
        sort -un | tr '\n' ' ')"
    if grep -qE '^pan:[0-9]+: ' "$work/pan.txt"; then
        result="WRONG, $(grep -m1 -E '^pan:[0-9]+: ' "$work/pan.txt")"
    elif ! grep -q 'errors: 0$' "$work/pan.txt" || compgen -G "$work/pan/*.trail" >/dev/null; then
        result="WRONG, an error"
    elif grep -qE 'Search not completed|search depth too small|MEMLIM bound|out of memory|Bit statespace' "$work/pan.txt"; then
        result="WRONG, not searched to the end"
    elif [[ -n "$unreached" ]]; then
        result="WRONG, steps never taken, in lines $unreached"
    fi
    line "$result" "$@"
    [[ "$result" != WRONG* ]] || wrong=1
}

# mistake FOUND PROPERTY DEFINE...: pan's message must contain FOUND.
mistake() {
    local found="$1" message
    shift
    search_model "$@"
    message="$(sed -nE 's/^pan:[0-9]+: (.*) \(at depth.*/\1/p' "$work/pan.txt" | head -n 1)"
    if [[ -z "$message" ]]; then
        line "WRONG, the mistake is not found" "$@"
        wrong=1
    elif [[ "$message" != *"$found"* ]]; then
        line "WRONG, found is '$message' instead of '$found'" "$@"
        wrong=1
    else
        line "found, $message" "$@"
    fi
}

echo "The rules as they are:"
sound safety WORKERS=3 TASKS=4 GROUP=1 KILLS=2
sound safety WORKERS=3 TASKS=3 GROUP=1 KILLS=1 DEADLINES=1
sound safety WORKERS=3 TASKS=2 GROUP=2 KILLS=2
sound safety WORKERS=2 TASKS=2 GROUP=2 KILLS=4
sound safety WORKERS=2 TASKS=2 GROUP=2 KILLS=1 DEADLINES=2
sound cycles WORKERS=3 TASKS=4 GROUP=1 KILLS=1
sound cycles WORKERS=3 TASKS=2 GROUP=2 KILLS=1 DEADLINES=1
sound fair WORKERS=2 TASKS=3 GROUP=1 KILLS=2 TIMED_WAITS

echo "Mistakes:"
mistake 'writers[task]==0' safety WORKERS=3 TASKS=4 KILLS=0 DEADLINES=1 REQUEUE_BEFORE_REAP
mistake 'writers[task]==0' safety WORKERS=2 TASKS=2 GROUP=2 KILLS=0 DEADLINES=1 REQUEUE_BEFORE_REAP
mistake 'invalid end state' safety WORKERS=3 TASKS=4 KILLS=1 COMPLETION_COUNTED
mistake 'invalid end state' safety WORKERS=3 TASKS=4 KILLS=1 SETTLE_BY_MAILBOX
mistake 'non-progress cycle' cycles WORKERS=3 TASKS=4 KILLS=1 NO_SEARCH
mistake 'acceptance cycle' fair WORKERS=2 TASKS=3 KILLS=1 TIMED_WAITS NO_SEARCH
mistake 'attempt==taken' safety WORKERS=3 TASKS=4 KILLS=1 ATTEMPT_KEPT

# The comparison in T2 is a second line of defence: a sound supervisor never needs it. Under the worst mistake it still
# keeps the words right, though not the pixels; without it not even those.
echo "What the comparison of the owner in T2 is good for:"
sound safety WORKERS=3 TASKS=3 KILLS=1 ANY_CLAIM_COMMITS
sound safety WORKERS=3 TASKS=3 KILLS=0 DEADLINES=1 REQUEUE_BEFORE_REAP OUTPUT_UNCHECKED
mistake 'words[task].slot==me' safety WORKERS=3 TASKS=3 KILLS=0 DEADLINES=1 REQUEUE_BEFORE_REAP OUTPUT_UNCHECKED \
    ANY_CLAIM_COMMITS

exit $wrong
