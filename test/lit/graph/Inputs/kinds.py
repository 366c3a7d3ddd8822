# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What kinds.c says of itself: what a way of each thread takes, and the next one gives back.

import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    g = json.load(f)
function = {n["id"]: n["chain"][0]["function"] for n in g["nodes"] if n["chain"]}


def means(of):
    return tuple(round(of["files_by_kind"][k]["mean"], 3) for k in ("sockets", "pipes", "files", "other"))


want = {"sockets": (2, 0, 0, 0), "pipes": (0, 2, 1, 0), "others": (0, 0, 1, 2)}
wrong = []
for name, takes in want.items():
    gives = tuple(-k for k in takes)
    ways = [e for e in g["edges"] if function.get(e["from"]) == function.get(e["to"]) == name and e["count"] > 1000]
    if sorted(map(means, ways)) != sorted([takes, gives]):
        wrong.append((name, [means(e) for e in ways]))
    for e in ways:
        if abs(e["files"]["mean"] - sum(means(e))) > 0.01 or e["files_by_kind"]["sockets"]["samples"] != e["cpu_ns"]["samples"]:
            wrong.append(e)
        # Of a place all ways go on alike, but for the last.
        node = next(n for n in g["nodes"] if n["id"] == e["from"])
        if any(abs(a - b) > 0.1 for a, b in zip(means(node), means(e))):
            wrong.append((node, e))
held = next(r for r in g["scheduler"]["resources"] if r["name"] == "descriptors")["by_kind"]
if held != {"sockets": 1, "pipes": 2, "files": 0, "other": 0}:
    wrong.append(held)
sys.exit(f"not so: {wrong}" if wrong else 0)
