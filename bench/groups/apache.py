# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Apache httpd, the same sources by capcc and by clang with full LTO, each with the worker MPM (a thread a connection) and the event MPM, in one
process. The paper's Figure 9."""

from suite import programs, servers
from suite.harness import Bar, Figure, Row, attempt

QUESTION = "What does a request for 1 KiB cost Apache httpd, by number of connections that are kept?"
PAPER = "Figure 9"

EVENT_THREADS = 128
# The event MPM hands a waiting connection back: it takes so many for each thread that is free.
EVENT_LINES = ["AsyncRequestWorkerFactor 200"]


def way(mpm, name, flags, connections, seconds, quick):
    directory = attempt(programs.httpd, mpm, not quick)
    built = directory if isinstance(directory, Exception) else attempt(programs.httpd_link, directory, name, *flags)
    if isinstance(built, Exception):
        return built
    threads, lines = (connections + 16, []) if mpm == "worker" else (EVENT_THREADS, EVENT_LINES)

    def run():
        with servers.httpd(directory, name, threads, lines) as (port, pid):
            return servers.load(pid, port, "1k", connections, seconds)

    return run


def rows(quick):
    for connections in (64, 1000) if quick else (64, 1000, 5000, 9000):
        seconds = 2 if quick else 3 if connections <= 1000 else 4
        ways = {
            "capcc": way("worker", "capcc", [], connections, seconds, quick),
            "worker": way("worker", "clang", ["--clang"], connections, seconds, quick),
            "event": way("event", "clang", ["--clang"], connections, seconds, quick),
            "capcc-event": way("event", "capcc", [], connections, seconds, quick),
        }
        figures = [Figure("", "us", "cpu", [Bar(1 if connections < 1000 else 0.5, "worker"), Bar(1, "event")])]
        if connections == 9000:
            figures.append(Figure("resident", "MiB", "resident", Bar(1, "worker")))
        yield Row("worker MPM, connections: {:,}".format(connections), ways, figures, x=connections, rounds=2 if quick else 3)
