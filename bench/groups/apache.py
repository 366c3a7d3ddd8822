# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Apache httpd, the same sources by capcc and by clang with full LTO, each with the worker MPM (a thread a connection) and the event MPM, in one
process. The paper's Figure 9."""

from suite import programs, servers
from suite.harness import Bar, Figure, Row, attempt

QUESTION = "What does a request for 1 KiB cost Apache httpd, by number of connections that are kept?"
PAPER = "Figure 9"

# While all of them are busy the event MPM closes connections that wait; wrk makes new ones.
EVENT_THREADS = 128
# It takes so many connections for each thread that is free, since one that waits has none.
EVENT_LINES = ["AsyncRequestWorkerFactor 200"]
LINES = ["ListenBacklog 4096"]
# As in Debian's configuration. Without it each directory of the path is looked at for each request, and the file itself as one.
NO_HTACCESS = ["<Directory />", "AllowOverride None", "</Directory>"]


def way(mpm, name, flags, lines, connections, seconds, quick):
    directory = attempt(programs.httpd, mpm, not quick)
    built = directory if isinstance(directory, Exception) else attempt(programs.httpd_link, directory, name, *flags)
    if isinstance(built, Exception):
        return built
    threads = connections + 16 if mpm == "worker" else EVENT_THREADS
    lines = LINES + lines + (EVENT_LINES if mpm == "event" else [])

    def run():
        with servers.httpd(directory, name, threads, lines) as (port, pid):
            return servers.load(pid, port, "1k", connections, seconds, closes=mpm == "event")

    return run


def rows(quick):
    def row(what, connections, lines, **more):
        seconds = 2 if quick else 3 if connections <= 1000 else 5
        ways = {
            "capcc": way("worker", "capcc", [], lines, connections, seconds, quick),
            "worker": way("worker", "clang", ["--clang"], lines, connections, seconds, quick),
            "event": way("event", "clang", ["--clang"], lines, connections, seconds, quick),
            "capcc-event": way("event", "capcc", [], lines, connections, seconds, quick),
        }
        # With few connections never behind, with many half.
        figures = [Figure("", "us", "cpu", [Bar(1 if connections < 1000 else 0.5, "worker"), Bar(1, "event")])]
        if connections == 9000:
            figures.append(Figure("resident", "MiB", "resident", Bar(1, "worker")))
        return Row(what % "{:,}".format(connections), ways, figures, rounds=2 if quick else 3, **more)

    for connections in (64, 1000) if quick else (64, 1000, 5000, 9000):
        yield row("worker, connections: %s", connections, NO_HTACCESS, x=connections)
    yield row(".htaccess, connections: %s", 64, [])
