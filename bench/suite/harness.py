# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a benchmark is made of, and how it is run: a row is one thing measured by each peer, by turns, round after round, so that what else the
machine does falls on all of them; of each the median and the quartiles are kept, with every single value. A row may give several figures at
once (time and memory of the same run). What is absent, and what fails, is part of the result."""

import os
import statistics
import subprocess
import sys

from suite.programs import Absent, Failed

cores = sorted(os.sched_getaffinity(0))
server_core, client_cores = cores[-1], cores[:-1] or cores

PEERS = {
    "capcc": "capcc", "native": "native", "pth": "GNU Pth", "st": "State Thr.", "fiber": "Boost.Fiber", "go": "Go", "bare": "assembly",
    "epoll": "epoll loop", "nginx": "nginx", "worker": "clang worker", "event": "clang event", "capcc-event": "capcc event", "off": "no graph", "one": "one worker",
    "rr": "rr", "peak": "peak",
}
ABSENT_NAMES = {"st": "State Threads"}


class Bar:
    """What our figure has to be: at most (or least) `factor` times that of a peer, or an absolute number, of which `told` says what it is."""

    def __init__(self, factor, peer=None, least=False, told=None):
        self.factor, self.peer, self.least, self.told = factor, peer, least, told

    def judge(self, medians):
        ours, other = medians.get("capcc"), medians.get(self.peer) if self.peer else 1
        if ours is None or other is None:
            return None
        return ours >= self.factor * other if self.least else ours <= self.factor * other

    def text(self):
        sign = ">=" if self.least else "<="
        if not self.peer:
            return "%s %s" % (sign, self.told or "%g" % self.factor)
        name = PEERS[self.peer]
        return "%s %s" % (sign, name if self.factor == 1 else "%.3g %s" % (self.factor, name))


class Figure:
    """One of a row's figures: `key` in what a measurement returns (a list or a dictionary), of all peers if none are named."""

    def __init__(self, name, unit, key, bars=(), peers=None):
        self.peers = peers
        self.name, self.unit, self.key, self.bars = name, unit, key, bars if isinstance(bars, (list, tuple)) else [bars]


ELAPSED, PROCESSOR = 0, 1  # what the programs of bench/threads print


class Row:
    """`ways`: by peer, a command (a list; its output's numbers are the figures) or a function that returns the figures. A peer of which
    building or finding the program raised is an exception here. `x`: where the row is on the axis of a figure."""

    def __init__(self, what, ways, figures, x=None, timeout=120, rounds=None, env=None):
        self.what, self.ways, self.figures, self.x = what, ways, figures if isinstance(figures, list) else [figures], x
        self.timeout, self.rounds, self.env = timeout, rounds, env or {}


def attempt(function, *arguments):
    """What the function returns, or what it raised, to be reported where the row is run."""
    try:
        return function(*arguments)
    except (Absent, Failed, subprocess.SubprocessError, OSError) as error:
        return error


def command(program, *arguments):
    """A way: the built program, or what went wrong with it, on the last core."""
    return program if isinstance(program, Exception) else ["taskset", "-c", str(server_core), program, *map(str, arguments)]


def run_command(argv, timeout, env):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, env=dict(os.environ, **env))
    except subprocess.TimeoutExpired:
        raise Failed("more than %d s" % timeout)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        raise Failed("%s%s" % ("signal %d" % -done.returncode if done.returncode < 0 else "status %d" % done.returncode, ": " + said[-1] if said else ""))
    numbers = []
    for word in done.stdout.decode().split():
        try:
            numbers.append(float(word))
        except ValueError:
            pass
    return numbers


def measure(way, row):
    if isinstance(way, Exception):
        raise way
    return way() if callable(way) else run_command(way, row.timeout, row.env)


def summary(values):
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0],) * 3
    return {"values": [float("%.6g" % v) for v in values], "median": statistics.median(values), "low": low, "high": high}


def run_row(row, rounds):
    """The result: a list of dictionaries, one for each figure."""
    seen, absent, failed = {}, {}, {}
    for _ in range(row.rounds or rounds):
        for peer, way in row.ways.items():
            if peer in absent or peer in failed:
                continue
            try:
                seen.setdefault(peer, []).append(measure(way, row))
            except Absent as error:
                absent[peer] = str(error)
            except (Failed, subprocess.SubprocessError, OSError) as error:
                failed[peer] = str(error)
    results = []
    for figure in row.figures:
        peers = {}
        for peer, measured in seen.items():
            if figure.peers and peer not in figure.peers:
                continue
            values = [m[figure.key] for m in measured if figure.key in (m if isinstance(m, dict) else range(len(m)))]
            if values:
                peers[peer] = summary(values)
        medians = {peer: value["median"] for peer, value in peers.items()}
        for peer, value in peers.items():
            if peer != "capcc" and medians.get("capcc", 0) > 0 and value["median"] > 0:
                value["capcc_over_this"] = medians["capcc"] / value["median"]
        results.append({"what": row.what + (", " + figure.name if figure.name else ""), "unit": figure.unit, "x": row.x, "order": [peer for peer in row.ways if not figure.peers or peer in figure.peers], "peers": peers,
                        "absent": absent, "failed": failed, "bars": [{"text": bar.text(), "reached": bar.judge(medians)} for bar in figure.bars]})
    return results


def say(text):
    print("bench/run: " + text, file=sys.stderr, flush=True)
