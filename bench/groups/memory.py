# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Threads that wait: bench/threads/memory.c and its like; the packages' wait on a condition, ours and the native ones in read. Last a million."""

from suite import programs
from suite.harness import Bar, Figure, Row, attempt, command

QUESTION = "What does a thread hold that waits, in resident memory and in the kernel (page tables, stacks and slabs)?"
PAPER = "sections 3.5, 3.6"

# Numbers in the line that the programs print.
USER, TABLES, STACKS, SLABS = 1, 2, 3, 4


def rows(quick):
    source = "bench/threads/memory.c"
    ours, native = attempt(programs.ours, source), attempt(programs.native, source)

    threads = 20000 if quick else 100000
    few = 5000 if quick else 10000
    # What the kernel keeps for threads is told for the whole machine: only kernel threads take enough of it to be seen.
    figures = [Figure("user", "bytes", USER, Bar(1, "bare")), Figure("page tables", "bytes", TABLES),
               Figure("kernel stack", "bytes", STACKS, peers=("capcc", "native")), Figure("kernel slabs", "bytes", SLABS, peers=("capcc", "native"))]
    yield Row("a thread", {
        "capcc": command(ours, threads),
        "native": command(native, few),
        "st": command(attempt(programs.state_threads), "memory", threads),
        "fiber": command(attempt(programs.boost_fiber), "memory", threads),
        "pth": command(attempt(programs.pth), "memory", 1000),
        "go": command(attempt(programs.go), "memory", threads),
        "bare": command(attempt(programs.bare), "memory", threads),
    }, figures, rounds=2)
    if not quick:
        yield Row("a thread of 1,000,000", {"capcc": command(ours, 1000000), "go": command(attempt(programs.go), "memory", 1000000)},
                  [Figure("user", "bytes", USER)], rounds=1)
