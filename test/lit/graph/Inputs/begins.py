# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What begins.c says of itself: how many threads each routine began, and where they came next.

import json
import os
import sys


def starts(g):
    """By id: the routine and its file, threads that began there, and what they came to."""
    nodes = {n["id"]: n for n in g["nodes"]}
    found = {}
    for i, n in nodes.items():
        if not i.startswith("start:"):
            continue
        step = n["chain"][0]
        name = (step["function"], os.path.basename(step.get("at", "").split(":")[0]))
        ways = {nodes[e["to"]].get("call", e["to"]): e["count"] for e in g["edges"] if e["from"] == i}
        assert len(n["chain"]) == 1 and n["exact"] and n["threads"] == 0, n
        assert sum(ways.values()) == n["count"], (n, ways)
        found[i] = (name, n["count"], tuple(ways))
    return found


graphs = []
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as f:
        graphs.append(starts(json.load(f)))
first = graphs[0]
want = {
    (("exported", "begins.c"), 2, ("usleep",)),
    (("same", "begins.c"), 4, ("usleep",)),
    (("same", "begins_too.c"), 5, ("usleep",)),
    (("computes", "begins.c"), 4, ("end",)),
    (("abs", ""), 1, ("end",)),
    (("of_c11", "begins.c"), 1, ("thrd_sleep",)),
    (("notify", "begins.c"), 1, ("end",)),
}
if set(first.values()) != want:
    sys.exit(f"not so: too many {set(first.values()) - want}, missing {want - set(first.values())}")
if graphs[1] != first:
    sys.exit(f"not so: the other build has {graphs[1]}, not {first}")
