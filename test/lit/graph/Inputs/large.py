# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A graph of 1,000 places, each passed more often than the one before, where threads wait at the first and one of the first ways is slow: what
# capgraph draws of it.

import json
import os

from looking import OUT, check, tool

PLACES = 1000
graph, dot = os.path.join(OUT, "g.json"), os.path.join(OUT, "g.dot")


def write(places):
    nodes = [{"id": f"{i + 1:016x}", "count": i + 1, "threads": 70 if i == 0 else 0, "exact": True,
              "chain": [{"function": f"place_{i}"}], "call": "read"} for i in range(places)]
    edges = [{"from": nodes[i]["id"], "to": nodes[(i + step) % places]["id"], "count": i + 1, "cpu_ns": {"mean": 5e7 if i == 0 else 1e3, "deviation": 0, "samples": 9}}
             for i in range(places) for step in (0, 1)]
    with open(graph, "w") as f:
        json.dump({"format": "capriccio-graph", "version": 1, "pid": 1, "program": "large", "elapsed_ns": 1e9, "workers": 1, "threads": 70,
                   "switches": 9, "lost": 0, "nodes": nodes, "edges": edges}, f)


def drawn(*arguments):
    status, out, err = tool("capgraph", graph, "--dot", dot, *arguments)
    check(status == 0 and out == "", (status, out, err))
    with open(dot) as f:
        text = f.read()
    return err, text, text.count("<b>read</b>"), text.count("->")


write(PLACES)
err, text, places, ways = drawn()
check(err == f"capgraph: {graph}: large, so that 200 of 1000 places and 300 of 2000 ways are drawn, the busiest; --all draws all\n", err)
check((places, ways) == (200, 300) and "200 of 1000 places, 300 of 2000 ways" in text, (places, ways))
check("place_0<" in text and "place_999<" in text and "place_500<" not in text, "where threads are, and what is passed most")
check("color=red" in text, "the slow way is there")
err, text, places, ways = drawn("--all")
check(err == "" and (places, ways) == (1000, 2000) and " of 1000" not in text, (err, places, ways))
write(100)
err, text, places, ways = drawn()
check(err == "" and (places, ways) == (100, 200), (err, places, ways))
write(PLACES)
svg = os.path.join(OUT, "g.svg")
status, out, err = tool("capgraph", graph, "--svg", svg)
check(status == 0 and os.path.getsize(svg) > 10000, err)
