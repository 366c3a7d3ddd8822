#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs Knot's tests on one server binary, whoever compiled it, and prints TAP. With --long also ten thousand idle connections, and more
# streams from the fuzzer.
#
#   test/knot/run.sh KNOT_BINARY [--long]
set -u

usage="usage: test/knot/run.sh KNOT_BINARY [--long]"
fail() {
    echo "test/knot/run.sh: error: $*" >&2
    exit 2
}

[ $# -ge 1 ] || fail "no server binary; $usage"
long=
[ "${2-}" = --long ] && long=1
[ $# -eq 1 ] || { [ $# -eq 2 ] && [ "$long" ]; } || fail "$2: unknown; $usage"
{ [ -f "$1" ] && [ -x "$1" ]; } || fail "$1: not an executable file; build it with make -C bench/knot"
command -v python3 >/dev/null || fail "python3: not found; install it with script/bootstrap"

KNOT=$(realpath "$1")
export KNOT PYTHONDONTWRITEBYTECODE=1
tests="statuses keepalive ranges paths limits broken cache stop fuzz"
if [ "$long" ]; then
    tests="$tests idle"
    export KNOT_FUZZ=${KNOT_FUZZ:-50000}
fi

here=$(dirname "$(realpath "$0")")
passed=0 failed=0
echo "TAP version 13"
for test in $tests; do
    reported=0
    while IFS= read -r line; do
        case $line in
        "ok - "*) passed=$((passed + 1)) ;;
        "not ok - "*) failed=$((failed + 1)) reported=1 ;;
        "status 0") continue ;;
        "status "*)
            # A file that died before it could say what failed.
            [ "$reported" = 1 ] && continue
            failed=$((failed + 1))
            line="not ok - $test: ended with $line"
            ;;
        esac
        printf '%s\n' "$line"
    done < <(timeout 1800 python3 "$here/$test.py"; echo "status $?")
done
echo "1..$((passed + failed))"
echo "# $passed passed, $failed failed"
[ "$failed" -eq 0 ]
