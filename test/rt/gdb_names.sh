#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# gdb_names.sh PROGRAM: a backtrace from `innermost` names every frame, outermost the trampoline. 77 where gdb is missing or may
# not trace.
set -u
command -v gdb >/dev/null || exit 77
out=$(gdb -batch -nx -ex 'set debuginfod enabled off' -ex 'break innermost' -ex run -ex backtrace "$1" 2>&1 </dev/null)
case $out in *"ptrace: Operation not permitted"*) exit 77 ;; esac
names=$(printf '%s\n' "$out" | sed -n 's/^#[0-9]* *\(0x[0-9a-f]* in \)\{0,1\}\([A-Za-z_$0-9.]*\) .*/\2/p' | grep -v '^__morestack$' | sed 's/^capr\./capr__/' | tr '\n' ' ')
expected='innermost on_second_chunk on_big_stack on_big_stack_of_args on_first_link on_first_chunk start capr__trampoline '
# gdb prints two underscores in assembly as a dot, taking the name for Ada's.
[ "$names" = "$expected" ] && exit 0
printf 'gdb named: %s\nexpected:  %s\n%s\n' "$names" "$expected" "$out" >&2
exit 1
