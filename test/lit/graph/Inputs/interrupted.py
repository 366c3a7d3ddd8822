# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# interrupted.c: all waits of the handler are there, and what may be another chain does not say that it is exact; the functions' own waits are.

import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    nodes = json.load(f)["nodes"]
own, handlers = {}, []
for n in nodes:
    names = [c["function"] for c in n["chain"]]
    if names[-1:] == ["handler"]:
        handlers.append(n)
    elif n.get("call") == "usleep":
        own[names[-1]] = (n["exact"], n["count"])
if own != {"first": (True, 10), "second": (True, 10)}:
    sys.exit(f"not so: ten exact waits in each: {own}")
if sum(n["count"] for n in handlers) != 20 or any(n["exact"] for n in handlers):
    sys.exit(f"not so: twenty waits of the handler, none exact: {handlers}")
for n in handlers:
    if [c["function"] for c in n["chain"]] not in (["thread", "first", "handler"], ["thread", "second", "handler"]):
        sys.exit(f"not so: one of the two: {n}")
