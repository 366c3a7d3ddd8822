#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# misuse.sh PROGRAM: each way to fail of misuse.c, and each wrong setting, says one line of the expected form, and the process
# ends as it should.
set -u
program=$1
failed=0
unset CAPRICCIO_MIN_CHUNK CAPRICCIO_STACK CAPRICCIO_STATS
ulimit -c 0

# expect STATUS PATTERN COMMAND...: the first line of its output matches (a shell pattern), and there is no second.
expect() {
    status=$1 pattern=$2
    shift 2
    out=$("$@" 2>&1)
    got=$?
    # shellcheck disable=SC2254
    case $out in
    *"
"*) echo "$*: more than one line: $out" >&2 && failed=1 ;;
    $pattern) ;;
    *) echo "$*: said: $out" >&2 && failed=1 ;;
    esac
    [ "$got" = "$status" ] || { echo "$*: status $got, not $status" >&2 && failed=1; }
}

# With an address space of 100,000 KiB.
limited() { expect "$1" "$2" sh -c 'ulimit -v 100000 && exec "$@"' limited "$program" "$3"; }

expect 134 'capriccio: thread 2 (start recurse): stack of [0-9]* bytes reached CAPRICCIO_STACK_MAX; *' \
    env CAPRICCIO_STACK_MAX=16M "$program" recursion
expect 134 'capriccio: thread 1 (start main): stack of [0-9]* bytes reached CAPRICCIO_STACK_MAX; *' \
    env CAPRICCIO_STACK_MAX=16M "$program" recursion-main
for mode in normal guard always; do
    expect 134 'capriccio: thread 2 (start recurse): the stack of 65536 bytes that pthread_attr_setstack supplied overflowed, by *' \
        env CAPRICCIO_STACK=$mode "$program" recursion-supplied
done
for mode in guard always; do
    expect 134 'capriccio: thread 2 (start recurse): stack of [0-9]* bytes reached CAPRICCIO_STACK_MAX; *' \
        env CAPRICCIO_STACK_MAX=300M CAPRICCIO_STACK=$mode "$program" recursion
done
limited 134 'capriccio: thread 2 (start recurse): out of memory for a stack chunk of [0-9]* bytes; *' recursion
limited 0 EAGAIN threads
expect 0 'ended in order' "$program" main-exits

expect 0 '' env CAPRICCIO_STACK=normal CAPRICCIO_STATS=0 CAPRICCIO_WORKERS=1 CAPRICCIO_BIG_STACK=2M CAPRICCIO_POOL=1:1 CAPRICCIO_DISK=pool \
    CAPRICCIO_STACK_MAX=1G CAPRICCIO_MIN_CHUNK=1k "$program" nothing
expect 0 'capriccio: CAPRICCIO_FAST: unknown setting, ignored; *' env CAPRICCIO_FAST=1 "$program" nothing
expect 0 'capriccio: CAPRICCIO_STACK=guarded: bad value, ignored; expected normal, guard or always' \
    env CAPRICCIO_STACK=guarded "$program" nothing
for bad in CAPRICCIO_POOL=8 CAPRICCIO_POOL=3:2 CAPRICCIO_POOL=0:0 CAPRICCIO_POOL=1:4097 CAPRICCIO_POOL=-1:2 CAPRICCIO_POOL=1:2x \
    CAPRICCIO_DISK=none CAPRICCIO_BIG_STACK=1M CAPRICCIO_BIG_STACK=8MB CAPRICCIO_STACK_MAX=-1 CAPRICCIO_STACK_MAX= CAPRICCIO_STATS=yes \
    CAPRICCIO_MIN_CHUNK=255 CAPRICCIO_MIN_CHUNK=99999999999999999999 CAPRICCIO_STACK_MAX=17179869184G CAPRICCIO_WORKERS=0 CAPRICCIO_WORKERS=65 CAPRICCIO_WORKERS=2x; do
    expect 0 "capriccio: $bad: bad value, ignored; expected *" env "$bad" "$program" nothing
done
exit $failed
