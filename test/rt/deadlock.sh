#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# deadlock.sh PROGRAM: what is said of each way of deadlock.c to be stuck, by the settings of CAPRICCIO_DEADLOCK.
set -u
program=$1
failed=0
unset CAPRICCIO_DEADLOCK
ulimit -c 0

# said STATUS WHAT [PATTERN...]: it ends with STATUS, and lines match the patterns, in their order; with no pattern nothing is said.
said() {
    status=$1 what=$2
    shift 2
    out=$("$program" "$what" 2>&1)
    got=$?
    [ "$got" = "$status" ] || { echo "$what: status $got, not $status" >&2 && failed=1; }
    [ $# != 0 ] || [ -z "$out" ] || { echo "$what: said: $out" >&2 && failed=1; }
    rest=$out
    for pattern; do
        line=$(printf '%s\n' "$rest" | grep -n -m 1 -e "$pattern" | cut -d: -f1)
        [ -n "$line" ] || { printf '%s: no line "%s" in:\n%s\n' "$what" "$pattern" "$out" >&2 && failed=1 && continue; }
        rest=$(printf '%s\n' "$rest" | tail -n "+$((line + 1))")
    done
}

said 142 mutexes 'capriccio: deadlock: all threads wait for one another' \
    'thread 3 (start right) waits for the mutex at .*, held by thread 2 (start left)' 'lock_both right' \
    'thread 2 (start left) waits for the mutex at .*, held by thread 3 (start right)' 'lock_both left' \
    'thread 1 (start main) waits for the end of thread 2 (start left)'
said 142 itself 'the only thread waits' 'thread 1 (start main) waits for the mutex at .*, held by itself, called from' ' main$'
said 142 kinds 'never_posted) waits for the semaphore' 'reads) waits for the rwlock (to read) at .*, held by thread 1 (start main)' \
    'alone_at_barrier) waits for the barrier' 'never_signalled) waits for the condition'
said 0 handler-posts
said 142 signal-waits
export CAPRICCIO_DEADLOCK=abort
said 134 mutexes 'capriccio: deadlock' 'capriccio: ending: CAPRICCIO_DEADLOCK=abort'
said 0 handler-posts
CAPRICCIO_DEADLOCK=off
said 142 mutexes
exit $failed
