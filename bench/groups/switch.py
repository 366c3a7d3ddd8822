# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Switches: the programs are bench/threads/yield.c and, for the packages, bench/peers/threads.c and bench.go. The paper's Table 1."""

from suite import programs
from suite.harness import PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "What does a switch to another thread cost?"
PAPER = "Table 1"


def rows(quick):
    ours, native = attempt(programs.ours, "bench/threads/yield.c"), attempt(programs.native, "bench/threads/yield.c")
    pth, st, fiber = attempt(programs.pth), attempt(programs.state_threads), attempt(programs.boost_fiber)
    go, bare = attempt(programs.go), attempt(programs.bare)
    calls = 1000000 if quick else 4000000
    # Calls in each of five rounds: as many as take some 0.1 s, and 20 by each thread at least, beside which the barrier that begins and ends a round
    # is little. With 100,000 threads native ones cannot be had, and Pth takes minutes to begin.
    for threads, most, of_native, of_pth, bars in ((2, 5, 100000, 20000, Bar(1, "st")), (1000, 8, 50000, 20000, Bar(1, "fiber")), (100000, 30, 0, 0, Bar(1, "fiber"))):
        of_ours, of_others = max(calls, 40 * threads), max(calls // 4, 20 * threads)
        ways = {"capcc": command(ours, threads, of_ours)}
        if of_native:
            ways["native"] = command(native, threads, of_native)
        ways["st"] = command(st, "yield", threads, of_others)
        ways["fiber"] = command(fiber, "yield", threads, of_others)
        if of_pth:
            ways["pth"] = command(pth, "yield", threads, of_pth)
        ways["go"] = command(go, "yield", threads)
        ways["bare"] = command(bare, "yield", threads, of_ours)
        yield Row("threads: {:,}".format(threads), ways, Figure("", "ns", PROCESSOR, [Bar(most), bars]), x=threads, rounds=3 if threads == 100000 else None)
