# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What called_back.c says of itself, looked for in its graph: the calls from the thread's first function to leaf, and how often.

import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    nodes = json.load(f)["nodes"]

expected = {
    "waits": 10,
    "returns > routine > times": 17,
    "returns > times": 19,
    "destructor > times": 11,
    "exits > cleanup > times": 13,
    "exits > destructor > times": 11,
    "cancelled > cleanup > times": 13,
    "cancelled > destructor > times": 11,
    "jumps > times": 23,
    "prints > write_slowly > times": 29,
    "goes_round > times": 47,
    "goes_round": 4,
    "goes_deep > recurses > times": 62,
    "goes_deep > another_recurses > recurses > times": 31,
    "at_end > times": 37,
}
found, cut = {}, 0
for n in nodes:
    functions = [c["function"] for c in n["chain"]]
    if "..." in functions:
        cut += 1
        if n["exact"] or functions[0] != "goes_deep" or functions[-1] != "leaf":
            sys.exit(f"not so: both ends of a chain that is cut, inexact: {functions}")
        continue
    if not n["exact"]:
        sys.exit(f"not so: exact: {n}")
    if functions and functions[-1] == "leaf":
        name = " > ".join(functions[:-1])
        found[name] = found.get(name, 0) + n["count"]
if cut != 1:
    sys.exit(f"not so: one chain is cut: {cut}")
# What an unrolled loop has four of is one call.
if sum([c["function"] for c in n["chain"]] == ["goes_round", "leaf"] for n in nodes) != 1:
    sys.exit("not so: one place for each call of the source")
# How many of the functions that go round can be seen depends on how they were compiled.
expected["round"] = 2 * 41 + 2 * 43 + 41
found["round"] = sum(n for name, n in found.items() if name.startswith(("goes_round > even", "goes_round > odd")))
# Wherever the thread was when the signal came.
for handler, count in {"first_handler": 25, "second_handler": 35}.items():
    expected[handler] = count
    found[handler] = sum(n for name, n in found.items() if name.endswith(handler + " > times"))
wrong = {name: (found.get(name), count) for name, count in expected.items() if found.get(name) != count}
more = {name: count for name, count in found.items() if name not in expected}
print("wrong, found and expected:", wrong)
print("more:", more)
sys.exit(bool(wrong))
