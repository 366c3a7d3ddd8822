# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mostly idle connections: bench/threads/pipes.c, by hand pipes_epoll.c, Go's in bench/workers. The paper's Figure 2."""

from suite import programs
from suite.harness import PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "What does a step cost of a token of 12 bytes that goes round a ring of pipes, or of socket pairs, most of which are idle?"
PAPER = "Figure 2"


def rows(quick):
    ours, native = attempt(programs.ours, "bench/threads/pipes.c"), attempt(programs.native, "bench/threads/pipes.c")
    loop, go = attempt(programs.native, "bench/threads/pipes_epoll.c"), attempt(programs.go)
    for kind in ("pipes", "sockets"):
        for count in (8, 1000, 9000) if quick else (8, 100, 1000, 9000):
            yield Row("{}: {:,}".format(kind, count), {
                "capcc": command(ours, count, 200, kind),
                "native": command(native, count, 200, kind),
                "go": command(go, kind, count),
                "epoll": command(loop, count, 200, kind),
            }, Figure("", "ns a step", PROCESSOR, [Bar(1, "epoll"), Bar(1, "native")]), x=count)
