# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads of files: bench/threads/reads.c. The paper's Figures 3 and 4. With O_DIRECT the disk is waited for, so time is the clock's there."""

import os
import subprocess
import tempfile

from suite import programs
from suite.harness import ELAPSED, PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "What does a read of 4 KiB at random from a file of 256 MiB cost, from memory and, by O_DIRECT, from the disk?"
PAPER = "Figures 3, 4"


def rows(quick):
    source = "bench/threads/reads.c"
    ours, native = attempt(programs.ours, source), attempt(programs.native, source)
    # FILES names a directory that is not in memory.
    with tempfile.NamedTemporaryFile(prefix="capcc-reads-", dir=os.environ.get("FILES", programs.place)) as file:
        if not isinstance(native, Exception):
            subprocess.run([native, file.name, "make"], check=True)
        for what, kind, key, bar in (("from memory", "cached", PROCESSOR, Bar(1 / 0.95, "native")), ("O_DIRECT, elapsed", "direct", ELAPSED, Bar(1, "native"))):
            for threads in (1, 16) if quick or kind == "cached" else (1, 16, 100):
                yield Row("%s, threads: %d" % (what, threads), {
                    "capcc": command(ours, file.name, kind, threads),
                    "native": command(native, file.name, kind, threads),
                }, Figure("", "ns", key, bar), x=threads)
