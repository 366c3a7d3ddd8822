# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Consumes the reports of links with several MaxPaths, prints one row for each: what share of the call sites has a checkpoint, as in
the paper's Figure 7; and, where NAME.calls is beside the report, the same shares of the calls that ran (calls.py). Borrowed calls to
functions of the program's own and to External stand apart: the first are this scheme's price for fewer checkpoints, the second any
scheme's. A call through a pointer is a call site like any other; its check, if any, is in the entry stub that it meets."""
import json
import os
import sys

KINDS = ("checkpoint", "borrow", "external-borrow", "indirect")


def share(part, whole):
    return "%.2f %%" % (100 * part / whole)


def row(report):
    totals = json.load(open(report))["totals"]
    sites = totals["call_sites"]
    parts = [totals[k] for k in ("checkpoints", "borrowed", "external_switches", "indirect")]
    cells = ["%d (%s)" % (parts[0], share(parts[0], sites))] + [share(p, sites) for p in parts[1:]]
    counted = os.path.splitext(report)[0] + ".calls"
    if os.path.exists(counted):
        ran = json.load(open(counted))
        cells += [share(ran.get(k, 0), ran["calls"]) for k in KINDS]
    else:
        cells += ["" for _ in KINDS]
    return sites, cells


print("| link | call sites | checkpoint | borrowed, own | borrowed, External | pointer | of calls run: checkpoint | own | External | pointer |")
print("|---|---|---|---|---|---|---|---|---|---|")
for report in sys.argv[1:]:
    sites, cells = row(report)
    print("| %s | %d | %s |" % (os.path.splitext(os.path.basename(report))[0], sites, " | ".join(cells)))
