# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A thread's life: bench/threads/create.c and its like. The paper's Table 1 (creation alone)."""

from suite import programs
from suite.harness import PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "What does it cost to create a thread that does nothing, and to join it?"
PAPER = "Table 1"


def rows(quick):
    times = 20000 if quick else 100000
    yield Row("create and join", {
        "capcc": command(attempt(programs.ours, "bench/threads/create.c"), times),
        "native": command(attempt(programs.native, "bench/threads/create.c"), times // 10),
        "st": command(attempt(programs.state_threads), "create", times),
        "fiber": command(attempt(programs.boost_fiber), "create", times),
        "pth": command(attempt(programs.pth), "create", times // 10),
        "go": command(attempt(programs.go), "create"),
        "bare": command(attempt(programs.bare), "create", times),
    }, Figure("", "ns", PROCESSOR, [Bar(100), Bar(1, "st"), Bar(1 / 90, "native")]))
