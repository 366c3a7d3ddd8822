# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Linked stacks in Apache httpd (worker MPM): bench/httpd has the builds and the ways to count. Call sites by MaxPath are the paper's Figure 7; instructions
and the stack of a thread its section 3.6, where 200 threads took 8 MB."""

import json
import os
import re

from groups.apache import NO_HTACCESS
from suite import programs
from suite.harness import Bar, Figure, Row, attempt

QUESTION = "How many of Apache's call sites get a checkpoint, what do they cost, and what stack does a thread hold?"
PAPER = "Figure 7, section 3.6"


def sites(directory, name, flags):
    """Percent of call sites with a checkpoint, from the pass's report."""

    def way():
        programs.httpd_link(directory, name, *flags)
        with open(os.path.join(directory, name + ".json")) as f:
            totals = json.load(f)["totals"]
        return {"sites": 100 * totals["checkpoints"] / totals["call_sites"]}

    return way


def instructions(directory, name):
    """For a request, libraries included, as callgrind counts them."""

    def way():
        counts = os.path.join(directory, name + ".calls")
        if not os.path.exists(counts) or os.path.getmtime(counts) < os.path.getmtime(os.path.join(directory, name)):
            programs.script("bench/httpd/profile", directory, name, timeout=600, env={"httpd_more": "\n".join(NO_HTACCESS)})
        with open(counts) as f:
            ran = json.load(f)
        return {"instructions": ran["instructions"] / ran["requests"]}

    return way


def idle(directory, name):
    """Bytes of stack of a thread whose connection waits, and resident bytes for each connection."""

    def way():
        columns = [c.strip() for c in programs.script("bench/httpd/idle", directory, name, timeout=300).split("|")]
        numbers = {"resident": float(columns[5])}
        if re.fullmatch(r"\d+", columns[3]):
            numbers["stack"] = float(columns[3])
        return numbers

    return way


def rows(quick):
    directory = attempt(programs.httpd, "worker", not quick)

    def of(function, *arguments):
        return directory if isinstance(directory, Exception) else function(directory, *arguments)

    for size in (2048,) if quick else (512, 2048, 8192):
        name, flags = ("capcc", []) if size == 2048 else ("path-%d" % size, ["-fcapriccio-max-path=%d" % size, "-fno-capriccio-verify"])
        yield Row("checkpoints, MaxPath {:,}".format(size), {"capcc": of(sites, name, flags)}, Figure("", "% of sites", "sites", Bar(5) if size == 2048 else ()), x=size, rounds=1)
    if not quick:
        if not isinstance(directory, Exception):
            attempt(programs.httpd_link, directory, "clang", "--clang")
        yield Row("a request", {"capcc": of(instructions, "capcc"), "native": of(instructions, "clang")}, Figure("", "instructions", "instructions"), rounds=1)
        yield Row("a connection", {"capcc": of(idle, "capcc"), "native": of(idle, "clang")},
                  [Figure("stack", "bytes", "stack", Bar((8 << 20) // 200 // 4)), Figure("resident", "bytes", "resident")], rounds=1)
