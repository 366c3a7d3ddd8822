# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The results as an aligned table of text: a row's medians with half of the distance between their quartiles, in percent, and beneath
them how many times each peer's figure ours is."""

import math

from suite.harness import ABSENT_NAMES, PEERS

CELL = 14


def number(value):
    """Three digits that count, two of what is small."""
    if value == 0 or not math.isfinite(value):
        return "%g" % abs(value)
    if abs(value) < 0.01:
        return "%.2g" % value
    digits = max(0, 2 - int(math.floor(math.log10(abs(value)))))
    return "{:,.{}f}".format(value, min(digits, 3))


def cell(result, peer):
    value = result["peers"].get(peer)
    if value:
        if len(value["values"]) < 2 or value["median"] <= 0:
            return number(value["median"]) + " " * 5
        return number(value["median"]) + " ±%.0f%%" % ((value["high"] - value["low"]) / 2 / value["median"] * 100)
    if peer not in result["order"]:
        return ""
    return "absent" if peer in result["absent"] else "failed" if peer in result["failed"] else ""


def judged(result):
    words = {True: "reached", False: "MISSED", None: "not judged"}
    return ["%s: %s" % (bar["text"], words[bar["reached"]]) for bar in result["bars"]]


def columns(group):
    """Peers in the order in which the group names them."""
    seen = []
    for result in group["rows"]:
        seen += [peer for peer in result["order"] if peer not in seen]
    return seen


def label(result):
    return "%s (%s)" % (result["what"], result["unit"])


def lines(result, peers, width):
    bars = judged(result)
    yield (label(result).ljust(width) + "".join("%*s" % (CELL, cell(result, peer)) for peer in peers) +
           ("  " + bars[0] if bars else "")).rstrip()
    ratios = [result["peers"].get(peer, {}).get("capcc_over_this") for peer in peers]
    if any(r is not None for r in ratios):
        yield ("    capcc / it".ljust(width) + "".join("%*s" % (CELL, "%s     " % number(r) if r is not None else "") for r in ratios) +
               ("  " + bars[1] if len(bars) > 1 else "")).rstrip()
        bars = bars[:1] + bars[2:]
    for bar in bars[1:]:
        yield " " * (width + CELL * len(peers)) + "  " + bar


def notes(group):
    """What is not there, and why: a line for each."""
    absent, failed = {}, {}
    for result in group["rows"]:
        for peer, package in result["absent"].items():
            absent[peer] = package
        for peer, why in result["failed"].items():
            failed.setdefault((peer, why), []).append(result["what"])
    for peer, package in absent.items():
        yield "absent: %s; Debian's package %s (bench/fetch fetches it)" % (ABSENT_NAMES.get(peer, PEERS.get(peer, peer)), package)
    for (peer, why), rows in failed.items():
        yield "failed: %s, %s: %s" % (PEERS.get(peer, peer), rows[0], why)


def table(group):
    peers = columns(group)
    width = max(len(label(result)) for result in group["rows"])
    yield " " * width + "".join("%*s" % (CELL, PEERS.get(peer, peer)) for peer in peers)
    for result in group["rows"]:
        yield from lines(result, peers, width)
    yield from notes(group)


def machine(results):
    m = results["machine"]
    return "%s, %d cores, %d GiB, %s, glibc %s, %s; load average %s at the beginning, %s at the end" % (
        m["processor"], m["cores"], m["memory_gib"], m["system"], m["glibc"], m["kernel"], m["load_before"], m["load_after"])


def origin(results):
    """Which commit, which command."""
    return "commit %s%s, %s, %s" % (results["commit"], " (changed)" if results["changed"] else "", results["command"], results["date"][:10])
