# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Overload by memory: bench/overload/run. The paper's section 5.3."""

import re

from suite import programs
from suite.harness import Bar, Figure, Row

QUESTION = "Does a program that takes ten times the memory that there is go on at its best rate (producers and consumers of blocks of 256 KiB, 512 MiB)?"
PAPER = "section 5.3"


def rows(quick):
    rate, died, memory = {}, {}, {}
    text = programs.script("bench/overload/run", timeout=600, env={"SECONDS_EACH": "10" if quick else "30"})
    for line in text.splitlines():
        found = re.match(r"(.+, \d+ producers) +(\d+) +(\d+) *(killed in second \d+)?", line)
        if found:
            what = found.group(1)
            rate[what], memory[what], died[what] = float(found.group(2)), float(found.group(3)), found.group(4)

    def way(what):
        def run():
            if died[what]:
                raise programs.Failed(died[what])
            return {"rate": rate[what], "memory": memory[what]}

        return run

    # As many producers as do best, by round robin; ten times as many are too many.
    survived = [what for what in rate if what.startswith("rr") and not died[what] and "resource, " not in what]
    many = next(what for what in rate if what.startswith("resource"))
    producers = many.split(", ")[1]
    best = max((what for what in survived if what != "rr, " + producers), key=rate.get)
    yield Row("%s (peak: %s)" % (producers, best.split(", ")[1].split()[0]),
              {"capcc": way(many), "rr": way("rr, " + producers), "native": way("native threads, " + producers), "peak": way(best)},
              [Figure("", "blocks/s", "rate", Bar(0.9, "peak", least=True)), Figure("resident", "MiB", "memory")], rounds=1)
