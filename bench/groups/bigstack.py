# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large frames that live for a short time: bench/threads/bigstack.c. The paper's section 3.5."""

from suite import programs
from suite.harness import PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "What does a call cost that writes to each page of a buffer of 1 MiB in its frame, by threads that take turns?"
PAPER = "section 3.5"


def rows(quick):
    source = "bench/threads/bigstack.c"
    ours, native = attempt(programs.ours, source), attempt(programs.native, source)
    for threads in (800, 100000) if quick else (800, 10000, 100000, 1000000):
        ways = {"capcc": command(ours, threads)}
        if threads == 800:  # 10,000 need 10 GB natively
            ways["native"] = command(native, threads)
        yield Row("threads: {:,}".format(threads), ways, Figure("", "ns a call", PROCESSOR, Bar(1, "native") if threads == 800 else ()),
                  rounds=1 if threads == 1000000 else 2 if quick else None)
