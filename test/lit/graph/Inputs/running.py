# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Three threads that wait for 20 ms come by at 150 a second at most; a busy machine makes it less, and says nothing about how much.

import os
import re
import stat
import sys

from looking import Program, ask, check, json, tool, window

with Program(sys.argv[3]) as p:
    check(stat.S_IMODE(os.stat(window(p.pid)).st_mode) == 0o600, "nobody else may connect")
    check(stat.S_IMODE(os.stat(os.path.dirname(window(p.pid))).st_mode) == 0o700, "nobody else may look")
    status, out, err = tool("captop", p.pid, "--once", "--interval", 400)
    check(status == 0 and err == "", err)
    lines = out.splitlines()
    check(re.fullmatch(r".*\.tmp \(%d\)  threads 4  workers 1  switches [0-9.k]+/s  scheduler resource" % p.pid, lines[0]), lines[0])
    check(re.match(r"resources memory \S+ \(\d+%\), stack .*, descriptors .*, cpu .*  favours who has been ready longest$", lines[1]), lines[1])
    check(lines[2].split() == "THREADS COUNT/S WAIT DELAY STACK CALL < CALLERS".split(), lines[1])
    row = [line for line in lines if re.search(r"usleep < pause_here \(watched.c:\d+\) < waiter \(watched.c:\d+\)$", line)]
    check(len(row) == 1 and row[0].split()[0] == "3", out)
    check(float(row[0].split()[1]) < 160, f"150 a second: {row}")
    check(len([line for line in lines if " < main (watched.c:" in line]) >= 1, out)
    status, out, err = tool("captop", p.pid, "--json")
    check(status == 0 and err == "" and json.loads(out)["pid"] == p.pid, err)
    check(ask(p.pid)["elapsed_ns"] > json.loads(out)["elapsed_ns"], "later is later")
    status, out, err = tool("capgraph", p.pid)
    check(status == 0 and "usleep < pause_here" in out, err)
