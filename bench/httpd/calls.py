# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Consumes an executable and two callgrind profiles of it with --dump-instr=yes, with a load and without; writes as JSON how many
calls of its code the load ran, by what they named: a checkpoint stub, a borrow stub, a pointer. Counted are executions of the call instruction at its address, so
nothing rests on callgrind's picture of the call stack, which threads that change stacks confuse. The calls that stubs and the
runtime's assembly make are no call sites: in a program of capcc's, those of the functions in the link's report are; a jump out of a function to another's first instruction is one (a tail call)."""
import collections
import json
import os
import re
import subprocess
import sys

OBJDUMP = "/usr/lib/llvm-22/bin/llvm-objdump"
FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
CALL = re.compile(r"^\s*([0-9a-f]+):\s+(callq?|jmpq?)\s+(\*?)(.*)$")


def sites(program, functions):
    """Address of each call instruction in `functions` (all if None) -> (function, name of the callee or None for a pointer)."""
    found, inside = {}, ""
    out = subprocess.Popen([OBJDUMP, "-d", "--no-show-raw-insn", program], stdout=subprocess.PIPE, text=True)
    for line in out.stdout:
        begin = FUNCTION.match(line)
        if begin:
            inside = begin[2].removesuffix("$body")
            continue
        call = CALL.match(line)
        if not call or (functions is not None and inside not in functions):
            continue
        name = re.search(r"<([^>+]+)>$", call[4].strip())
        if call[2].startswith("call"):
            found[int(call[1], 16)] = (inside, name[1] if name and not call[3] else None)
        elif name and not call[3] and name[1].removesuffix("$body") != inside:
            found[int(call[1], 16)] = (inside, name[1])
    return found


def executions(profile, wanted):
    """Address -> times executed, of the instructions in `wanted`; and all instructions that ran, libraries' too."""
    count, skip, ours, instructions = collections.Counter(), False, False, 0
    for line in open(profile):
        if line.startswith("0x"):
            if skip:
                skip = False
                continue
            fields = line.split()
            address = int(fields[0], 16)
            instructions += int(fields[-1])
            if ours and address in wanted:
                count[address] += int(fields[-1])
        elif line.startswith("calls="):
            skip = True
        elif line.startswith("ob="):
            ours = line.rstrip().endswith("/" + sys.argv[1].rsplit("/", 1)[1])
    return count, instructions


def kind(callee):
    if callee is None or callee.startswith("__capr_icall"):
        return "indirect"
    stub = re.search(r"\$(c|w|b|m)\d*$", callee)
    return {"c": "checkpoint", "w": "borrow", "b": "external-borrow", "m": "other-module"}[stub[1]] if stub else "in-place"


program, profile, without, result, requests = sys.argv[1:]
report = result.removesuffix(".calls") + ".json"
site = sites(program, {f["name"] for f in json.load(open(report))["functions"]} if os.path.exists(report) else None)
ran, instructions = executions(profile, site)
ran_without, instructions_without = executions(without, site)
ran.subtract(ran_without)
total, edges = collections.Counter(), collections.Counter()
for address, times in ran.items():
    caller, callee = site[address]
    total[kind(callee)] += times
    total["calls"] += times
    if kind(callee) in ("checkpoint", "borrow"):
        edges[caller, callee] += times
total["requests"] = int(requests)
total["instructions"] = instructions - instructions_without
json.dump(total | {"edges": [[*edge, times] for edge, times in edges.most_common(40) if times]}, open(result, "w"), indent=1)
