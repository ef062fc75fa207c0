#!/usr/bin/env bash
# check_clocks.sh [ROOT]: finds what reads, or waits by, a clock that somebody can set: every deadline, delay and time of a
# run is of the steady clock. Sources under lib/ and include/ only; the command may say what day it is.
# It knows the clocks by their names, and nothing of what third parties do inside.
#
# Prints one line per finding, FILE:LINE: TEXT. Ends with 1 if there are any, with 2 if there is no lib/.
set -euo pipefail
export LC_ALL=C
cd "${1:-.}"
[[ -d lib ]] || { echo "check_clocks.sh: no lib/ in $PWD" >&2; exit 2; }

by_name='system_clock|high_resolution_clock|utc_clock|tai_clock|file_clock|CLOCK_REALTIME|CLOCK_TAI'
by_name+='|FUTEX_CLOCK_REALTIME|TFD_TIMER_CANCEL_ON_SET|posix_time|microsec_clock'
# Of a function the call counts: a word of this name may be anything.
by_call='(gettimeofday|ftime|timespec_get|ntp_gettime|(pthread|sem|mq|boost)_[a-z_]*timed[a-z_]*|timed_(wait|lock|receive|send))[ \t]*\('
by_call+='|(^|[^A-Za-z0-9_.>])(std::|::)?time[ \t]*\([ \t]*(nullptr|NULL|0|&)'

findings="$(find lib $([[ -d include ]] && echo include) -name '*.[ch]pp' -print0 | sort -z |
    xargs -0 -r grep -nHE "$by_name|$by_call" || true)"
# What is only spoken of, behind //, is no use.
findings="$(awk '{ text = $0; sub(/^[^:]*:[0-9]*:/, "", text); sub(/\/\/.*/, "", text); print text "\1" $0 }' <<<"$findings" |
    grep -aE "^[^"$'\1'"]*($by_name|$by_call)" | cut -d $'\1' -f 2 || true)"
if [[ -n "$findings" ]]; then
    printf '%s\n' "$findings"
    exit 1
fi
