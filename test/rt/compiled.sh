#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A runtime test once more, as a user would build it: compiled by capcc, so that the threads are on linked stacks of a few
# hundred bytes and the runtime's own frames are measured by the pass; run in each stack mode. Prints nothing unless it fails.
#
# By one worker, for whose order of turns many of these tests ask, or as many as CAPRICCIO_WORKERS says; where CAPR_TEST_WORKERS=N is set,
# once more with so many.
#
#   compiled.sh CAPCC SOURCE
set -euo pipefail

capcc=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
timeout 100 "$capcc" -w -O2 -g -D_GNU_SOURCE -I"$(dirname "$source")/../../rt" "$source" -o "$work/program" -pthread
run() { # SETTING...
    local status=0
    env "$@" timeout 250 "$work/program" || status=$?
    if [[ $status != 0 ]]; then
        echo "compiled.sh: error: $source: exit status $status with $*" >&2
        exit "$status"
    fi
}
for mode in normal guard always; do
    run CAPRICCIO_STACK=$mode CAPRICCIO_WORKERS="${CAPRICCIO_WORKERS:-1}"
done
[[ -z ${CAPR_TEST_WORKERS:-} ]] || run CAPRICCIO_WORKERS="$CAPR_TEST_WORKERS"
