#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Plays the scenes with four workers under ThreadSanitizer, and fails on any report; before that it sees that a race is reported. Prints
# nothing unless it fails. With CAPCC_LONG=1 (script/test --long) longer scenes, and more rounds of them.
#
#   run.sh SCENES
set -euo pipefail

scenes=$1
output=$(mktemp)
trap 'rm -f "$output"' EXIT
# No ticks: their handler could interrupt ThreadSanitizer itself. Chunks that its functions fit in.
export CAPRICCIO_WORKERS=4 CAPRICCIO_SLICE=0 CAPRICCIO_MIN_CHUNK=65536 CAPRICCIO_STATS=1
export TSAN_OPTIONS=exitcode=66:atexit_sleep_ms=50:history_size=4
play() { timeout -s KILL "$1" "$scenes" "$2" "$3" >"$output" 2>&1; }

status=0
play 100 race 1 || status=$?
if grep -q 'FATAL: ThreadSanitizer' "$output"; then
    echo "run.sh: ThreadSanitizer does not run here: $(grep -m1 FATAL "$output")"
    exit 77
fi
if [[ $status != 66 ]]; then
    cat "$output"
    echo "run.sh: error: a race of the program's own was not reported (exit status $status)" >&2
    exit 1
fi

rounds=1 scale=20 limit=100
[[ -z ${CAPCC_LONG:-} ]] || rounds=5 scale=300 limit=300
settings=(CAPRICCIO_NET=epoll CAPRICCIO_NET=poll CAPRICCIO_SCHED=random:1 CAPRICCIO_DISK=pool)
for ((round = 0; round < rounds; round++)); do
    for setting in "${settings[@]}"; do
        status=0
        (export "${setting?}" && play "$limit" all "$scale") || status=$?
        if [[ $status != 0 ]]; then
            cat "$output"
            echo "run.sh: error: exit status $status with $setting" >&2
            exit 1
        fi
    done
done
