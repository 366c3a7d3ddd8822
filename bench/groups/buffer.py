# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Producers and consumers: bench/threads/buffer.c, and Go's of bench/workers. The paper's Figure 1."""

from suite import programs
from suite.harness import PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "Does one bounded buffer between producers and consumers scale with their number?"
PAPER = "Figure 1"


def rows(quick):
    source = "bench/threads/buffer.c"
    ours, native, go = attempt(programs.ours, source), attempt(programs.native, source), attempt(programs.go)
    hundred = None
    for pairs in (1, 100, 500, 100000) if quick else (1, 5, 50, 100, 500, 5000, 20000, 100000, 500000):
        ways = {"capcc": command(ours, pairs, 200)}
        if pairs <= 5000:  # with 20,000 pairs native threads do not begin within a minute
            ways["native"] = command(native, pairs, 200)
        if pairs <= 100000:
            ways["go"] = command(go, "buffer", pairs)
        # At a million threads at least half of the throughput with 100 pairs.
        bar = Bar(0.25, "native") if pairs == 500 else Bar(2 * hundred, told="2 x 100 pairs") if pairs == 500000 and hundred else ()
        (seen,) = yield Row("pairs: {:,}".format(pairs), ways, Figure("", "ns an item", PROCESSOR, bar), x=pairs, rounds=2 if pairs > 5000 else None)
        if pairs == 100 and "capcc" in seen["peers"]:
            hundred = seen["peers"]["capcc"]["median"]
