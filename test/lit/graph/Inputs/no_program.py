# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Both tools ask in the same way.

import os
import signal
import subprocess
import sys

from looking import Program, refused, tool, check

program = sys.argv[3]


def both(pid, says):
    for name in "captop", "capgraph":
        refused(name, *(["--once"] if name == "captop" else []), pid, says=says)


gone = subprocess.Popen(["true"])
gone.wait()
both(gone.pid, "no such process; ")
zombie = subprocess.Popen(["true"])
os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
both(zombie.pid, "no such process; ")
zombie.wait()
stranger = subprocess.Popen(["sleep", "20"])
both(stranger.pid, "which capcc did not link; ")
stranger.kill()
stranger.wait()
with Program(program, CAPRICCIO_TOP="0") as p:
    both(p.pid, "has no window; start it with CAPRICCIO_TOP=1")
with Program(program, "alone") as p:
    both(p.pid, "its window is not open; it opens with the program's second thread")
with Program(program) as p:
    p.process.send_signal(signal.SIGSTOP)
    refused("captop", p.pid, "--json", says="gave no answer in ")
with Program(program, "end") as p:
    p.process.wait(20)
    refused("captop", p.pid, says="no such process; ")
# It is there at the first look, and not at the second.
with Program(program, "end") as p:
    status, out, err = tool("captop", p.pid, "--once", "--interval", 2000)
    check(status == 0 and out.startswith(f"captop: {p.pid}: ") and out.endswith(" has ended\n") and err == "", f"{status} {out!r} {err!r}")
for arguments in [], ["x"], ["1", "2"], ["--interval", "x", "1"], ["--interval"], ["0"]:
    status, out, err = tool("captop", *arguments)
    check(status == 2 and err.count("\n") == 1, f"{arguments}: {err!r}")
