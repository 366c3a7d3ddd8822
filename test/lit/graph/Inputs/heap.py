# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What heap.c says of itself: each way that takes took a block of 5000 bytes, as the allocator rounds, and each that gives gave one.

import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    g = json.load(f)
start = {n["id"]: n["chain"][0]["function"] for n in g["nodes"] if n["chain"]}
seen = {}
for e in g["edges"]:
    name = start.get(e["to"], "")
    if name.startswith("by_") and e["heap_bytes"]["samples"]:
        seen.setdefault(name, []).append(e["heap_bytes"]["mean"])
print(seen)
names = sys.argv[2:]
wrong = [n for n in names if n not in seen]
for name, means in seen.items():
    low, high = (-10300, -4990) if name in ("by_free", "by_delete") else (4990, 10300)  # getline doubles
    # The first passage of all: the thread's own table and chunk may be among it.
    wrong += [f"{name}: {m}" for m in means if not low <= m <= high]
sys.exit(f"not so: {wrong}" if wrong else 0)
