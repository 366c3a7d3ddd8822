# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Locks: bench/threads/mutex.c and handoff.c and their like. The paper's Table 1 has the first."""

from suite import programs
from suite.harness import PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "What does a mutex cost that nobody else wants, and what to hand a turn over by mutex and condition?"
PAPER = "Table 1"


def rows(quick):
    def ways(name, argument, times, of_native, of_pth):
        source = "bench/threads/%s.c" % name
        return {
            "capcc": command(attempt(programs.ours, source), times),
            "native": command(attempt(programs.native, source), of_native),
            "st": command(attempt(programs.state_threads), argument, times // 4),
            "fiber": command(attempt(programs.boost_fiber), argument, times // 4),
            "pth": command(attempt(programs.pth), argument, of_pth),
            "go": command(attempt(programs.go), argument),
        }

    times = 2000000 if quick else 10000000
    yield Row("lock and unlock", ways("mutex", "mutex", times, times, times // 10), Figure("", "ns", PROCESSOR, Bar(0.25, "native")))
    yield Row("hand-off", ways("handoff", "handoff", times // 10, 50000, 20000), Figure("", "ns", PROCESSOR, Bar(1, "native")))
