#!/usr/bin/env bash
# check_layers_test.sh: check_layers.sh finds every breach in a tree made of them, and none in a sound one.
# It says nothing about slicepool's own tree.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

failed=0
if ! findings="$(bash check_layers.sh fixtures/sound)"; then
    printf 'the sound tree was refused:\n%s\n' "$findings"
    failed=1
fi

status=0
findings="$(bash check_layers.sh fixtures/broken)" || status=$?
if [[ $status -ne 1 ]]; then
    printf 'the broken tree should end with 1, not %s\n' "$status"
    failed=1
fi
if ! diff -u fixtures/broken/expected.txt <(printf '%s\n' "$findings"); then
    echo "the findings in the broken tree differ from fixtures/broken/expected.txt, see above"
    failed=1
fi

status=0
bash check_layers.sh fixtures/nothing_here 2>/dev/null || status=$?
if [[ $status -ne 2 ]]; then
    printf 'a tree that is not there should end with 2, not %s\n' "$status"
    failed=1
fi
exit $failed
