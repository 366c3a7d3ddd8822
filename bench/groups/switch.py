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
    # Calls in each of five rounds: as many as take some 0.1 s. With 100,000 threads some packages take minutes to begin.
    for threads, most, of_native, of_pth, bars in ((2, 5, 100000, 20000, Bar(1, "st")), (1000, 8, 50000, 2000, Bar(1, "fiber")), (100000, 30, 0, 0, Bar(1, "fiber"))):
        ways = {"capcc": command(ours, threads, calls)}
        if of_native:
            ways["native"] = command(native, threads, of_native)
        ways["st"] = command(st, "yield", threads, calls // 4)
        ways["fiber"] = command(fiber, "yield", threads, calls // 4)
        if of_pth:
            ways["pth"] = command(pth, "yield", threads, of_pth)
        ways["go"] = command(go, "yield", threads)
        ways["bare"] = command(bare, "yield", threads, calls)
        yield Row("threads: {:,}".format(threads), ways, Figure("", "ns", PROCESSOR, [Bar(most), bars]), x=threads)
