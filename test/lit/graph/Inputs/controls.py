# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# One hostile text in every place that has one.

import json
import os
import subprocess
import unicodedata

from looking import BUILD, OUT, check

evil = "\u00e9\u20ac\u001b[31m\u0007\r\n\t\u007f\u009b2J\u0085\u202e\u2028\u2067STRAY"
average = {"mean": 5.0, "deviation": 1.0, "samples": 3}
node = {"id": evil, "count": 3, "threads": 2, "held": evil, "chain": [{"function": evil, "at": evil}], "call": evil}
graph = {"format": "capriccio-graph", "version": 1, "pid": 1, "program": evil, "nodes": [node],
         "edges": [{"from": evil, "to": evil, "count": 2, "cpu_ns": average, "named": {evil: average}}],
         "scheduler": {"name": evil, "favours": evil, "nodes held": [evil], "resources": [{"name": evil, "used": 1, "limit": 2}]}}
file = os.path.join(OUT, "evil.json")


def looked_at(g):
    """What capgraph says of it, in words, to graphviz and in messages."""
    with open(file, "wb") as f:
        f.write(json.dumps(g).encode().replace(b"STRAY", b"\x9b\xc2\xff\xed\xa0\x80\xc0\x9b"))
    done = subprocess.run([os.path.join(BUILD, "bin", "capgraph"), file], capture_output=True)
    dot = subprocess.run([os.path.join(BUILD, "bin", "capgraph"), file, "--dot", "/dev/stdout"], capture_output=True)
    return done.returncode, (done.stdout + done.stderr + dot.stdout + dot.stderr).decode()


status, text = looked_at(graph)
check(status == 0, text)
bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") and c != "\n"}
check(not bad, f"{bad} in {text!r}")
check(text.count("\u00e9\u20ac?[31m??????2J????????????") >= 12, text)
status, text = looked_at({**graph, "error": evil})
check(status == 1 and "\u00e9\u20ac?[31m??????2J????????????" in text and text.count("\n") == 2 and "\u009b" not in text, ascii(text))
