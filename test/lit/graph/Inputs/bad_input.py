# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# One damaged copy of a graph after the other; pipes, which have no size; and outputs that cannot be.

import json
import os
import subprocess
import sys

from looking import BUILD, OUT, check, refused, tool

with open(sys.argv[3]) as f:
    good = f.read()
bad, svg = os.path.join(OUT, "bad.json"), os.path.join(OUT, "bad.svg")
fifo = os.path.join(OUT, "fifo")
for left in svg, fifo:
    if os.path.exists(left):
        os.unlink(left)


def with_text(text, says):
    with open(bad, "w") as f:
        f.write(text)
    refused("capgraph", bad, "--svg", svg, says=says)


for length in 1, 60, len(good) // 2, len(good.rstrip()) - 1:
    with_text(good[:length], f"bad.json: ends in the middle, after {len(good[:length].rstrip())} bytes; ")
with_text("", "is empty; ")
with_text("hello\n", "is no blocking graph; ")
with_text('{"format": "something"}\n', "is no blocking graph; ")
with_text(good.replace('"version": 1', '"version": 7'), "version 7 of the format; ")
with_text(good.replace('"edges":', '"other":'), "has no list of edges; ")
with_text(good.replace('"id": "start"', '"name": "start"'), "node 1 has no id; ")
with_text(good.replace('"to": "end"', '"to": "nowhere"'), "leads from or to no node")
with_text(good.replace('"id": "end"', '"id": "start"'), 'two nodes have the id "start"; ')
with_text(good.replace('"nodes": [', '"nodes": [,'), "is no JSON at byte ")
with_text(good.replace('"nodes": [', '"nodes": [' + "[" * 1100), "nests deeper than 1000 levels, ")
with_text(good.replace("1048576", "NaN"), "is no JSON at byte ")
with_text(good + "more\n", "more follows the graph")
with_text(good.replace("\n", "\0", 1), "is no JSON at byte ")
with_text('{"format": "capriccio-graph", "version": 1, "pid": 1, "error": "out of memory"}\n', "no graph: out of memory")
with open(bad, "w") as f: # a name that graphviz would refuse
    f.write(good.replace('"function": "', '"function": "' + "x" * 20000))
status, out, err = tool("capgraph", bad, "--svg", svg)
check(status == 0 and not err and os.path.getsize(svg) > 1000, err)
os.unlink(svg)
refused("capgraph", os.path.join(OUT, "none.json"), "--svg", svg, says="no such file; ")
with open(bad, "w") as f: # less than nothing counts as nothing
    f.write(good.replace('"count": ', '"count": -'))
status, out, err = tool("capgraph", bad)
check(status == 0 and not err and not any(word.startswith("-") and word[1:].isdigit() for line in out.splitlines() for word in line.split()[:2]), out)
refused("capgraph", "/dev/stdin", says="is empty; ") # looking.py: it is /dev/null
with open(sys.argv[3], "rb") as f: # longer than a pipe holds
    piped = subprocess.run([os.path.join(BUILD, "bin", "capgraph"), "/dev/stdin", "--json"], input=f.read() + b" " * 200000, capture_output=True)
check(piped.returncode == 0 and json.loads(piped.stdout)["pid"] == 4711 and len(piped.stdout) > 200000, piped.stderr)
os.mkfifo(fifo)
with subprocess.Popen(["cp", sys.argv[3], fifo]):
    status, out, err = tool("capgraph", fifo)
check(status == 0 and "process 4711" in out, err)
os.unlink(fifo)
refused("capgraph", OUT, says="cannot be read: Is a directory")
refused("capgraph", sys.argv[3], "--svg", os.path.join(OUT, "none", "x.svg"), says="cannot be written: No such file or directory; ")
status, _, err = tool("capgraph", sys.argv[3], "--svg", svg, env={"PATH": "/nonexistent"})
check(status == 1 and "no program dot; install graphviz" in err, err)
check([name for name in os.listdir(OUT) if "svg" in name] == [], "no file is left")
for arguments in [], ["--svg"], ["a", "b"], ["--slow", "x", "a"], ["--unknown"]:
    status, out, err = tool("capgraph", *arguments)
    check(status == 2 and out == "" and err.count("\n") == 1, f"{arguments}: {err!r}")
