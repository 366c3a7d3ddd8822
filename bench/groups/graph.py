# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The blocking graph: Knot and bench/threads/yield.c with it and linked without. The paper's Table 2, where it took 8 % of Apache's time and 36 % of Knot's."""

from suite import programs, servers
from suite.harness import PROCESSOR, Bar, Figure, Row, attempt, command

QUESTION = "What does the blocking graph cost a server's request, and a switch?"
PAPER = "Table 2"

OFF = "-fno-capriccio-graph"


def rows(quick):
    source = "bench/threads/yield.c"
    on, off = attempt(programs.ours, source), attempt(programs.ours, source, OFF)
    for threads in (2, 1000):
        calls = 1000000 if quick else 4000000
        yield Row("switch, threads: {:,}".format(threads), {"capcc": command(on, threads, calls), "off": command(off, threads, calls)}, Figure("", "ns", PROCESSOR))
    with servers.files() as directory:
        def way(program):
            if isinstance(program, Exception):
                return program
            return servers.served(lambda port: [program, "--root", directory, "--port", str(port)], "1k", 64, 2)

        yield Row("Knot, a request", {"capcc": way(attempt(programs.knot, programs.capcc())), "off": way(attempt(programs.knot, programs.capcc(), OFF))},
                  Figure("", "us", "cpu", Bar(1.01, "off")), rounds=5 if quick else 9)
