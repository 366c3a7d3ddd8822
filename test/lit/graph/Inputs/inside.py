# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What uses_inside.c says of itself: the chains inside of the shared object, so often for each object that it opened, and the threads that
# began there.

import json
import os
import sys

file, caller, times, objects = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open(file, encoding="utf-8") as f:
    g = json.load(f)


def line(of, text):
    with open(os.path.join(os.path.dirname(__file__), of), encoding="utf-8") as source:
        return next(i for i, t in enumerate(source, 1) if text in t)


def step(function, text, of="inside.c"):
    return f"{function}:{line(of, text)}"


def chain(n):
    return tuple(f"{c['function']}:{c['at'].split(':')[-1]}" if "at" in c else c["function"] for c in n["chain"])


assert all(n["exact"] for n in g["nodes"]), [n for n in g["nodes"] if not n["exact"]]
got = {}
for n in g["nodes"]:
    names = chain(n)
    if names[:1] == (f"main:{line('uses_inside.c', caller)}",) and n.get("call") == "usleep":
        names = names[2:]
    if n.get("call") == "usleep" or n["id"].startswith("start:"):
        got.setdefault(names, []).append(n["count"])
first, second = step("pause_twice", "usleep(1)"), step("pause_twice", "usleep(2)")
wait, again = step("inside_wait", "        pause_twice();"), step("inside_call", "inside_call(back, depth")
thread = f"inside_thread:{line('inside.c', 'return arg') - 1}"
want = {
    (wait, first): 2 * times,
    (wait, second): 2 * times,
    (again,) * 3 + (step("inside_call", "back(1)"), step("called_back", "usleep", "uses_inside.c")): times,
    (step("inside_jump", "leave();"), step("leave", "usleep(3)")): times,
    (step("inside_jump", "usleep(4)"),): times,
    (step("only_pointed", "usleep((unsigned)us)"),): times,
    (thread, first): times,
    (thread, second): times,
    ("inside_thread",): times,
}
want = {names: [count] * objects for names, count in want.items()}
got.pop((f"nothing:{line('uses_inside.c', 'void *nothing')}",))
if got != want:
    sys.exit(f"not so: too many {[i for i in got.items() if i not in want.items()]}, missing {[i for i in want.items() if i not in got.items()]}")
