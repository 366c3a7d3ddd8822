# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Knot and memcached with two workers on two cores beside one worker on one core. The clients have one core throughout, which the second worker
shares: on a machine of two, what it gives is what the clients leave of theirs. The original had one processor."""

import os

from suite import programs, servers
from suite.harness import Figure, Row, attempt, client_cores, server_core

QUESTION = "What do two workers give a server, where its clients have one of two cores and leave the rest?"
PAPER = "beyond the paper"
MEMCACHED_THREADS = 4


def memcached():
    """As bench/servers/memcached builds it: a directory of each kind."""
    return {kind: os.path.join(programs.root, programs.script("bench/servers/memcached", "built", kind, timeout=900).strip()) for kind in ("capcc", "native")}


def memcached_way(directory, workers, cores, connections, each):
    def way():
        port = servers.free_port()
        argv = ["env", "CAPRICCIO_WORKERS=%d" % workers, os.path.join(directory, "memcached"), "-u", "nobody", "-l", "127.0.0.1", "-p", str(port), "-t", str(MEMCACHED_THREADS)]
        with servers.running(argv, port, cores) as pid:
            return servers.memcached_load(pid, port, connections, each)

    return way


def rows(quick):
    with servers.files() as directory:
        yield from in_directory(quick, directory)


def in_directory(quick, directory):
    one, two = (server_core,), (*client_cores, server_core)
    figures = [Figure("", "requests/s", "rate"), Figure("of the server", "us", "cpu")]
    ours, threads = attempt(programs.knot, programs.capcc()), attempt(programs.knot, programs.clang)

    def knot(program, workers, cores, kind, connections):
        if isinstance(program, Exception):
            return program
        return servers.served(lambda port: ["env", "CAPRICCIO_WORKERS=%d" % workers, *servers.knot(program, directory, port)],
                              kind, connections, 2 if quick else 4, cores)

    for kind in ("1k",) if quick else ("1k", "16k"):
        for connections in (64, 1000):
            ways = {"capcc": knot(ours, 2, two, kind, connections), "one": knot(ours, 1, one, kind, connections), "native": knot(threads, 1, two, kind, connections)}
            yield Row("Knot, {} KiB, connections: {:,}".format(servers.SIZES[kind] >> 10, connections), ways, figures, rounds=2 if quick else 3)
    built = attempt(memcached)
    for connections in (16, 64):
        each = (20000 if quick else 80000) // connections

        def way(kind, workers, cores):
            return built if isinstance(built, Exception) else memcached_way(built[kind], workers, cores, connections, each)

        ways = {"capcc": way("capcc", 2, two), "one": way("capcc", 1, one), "native": way("native", 1, two)}
        yield Row("memcached, connections: %d" % connections, ways, figures, rounds=2 if quick else 3)
