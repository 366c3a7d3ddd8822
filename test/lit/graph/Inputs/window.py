# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Conditions of the window, one a function; the last argument names it.

import os
import re
import socket
import subprocess
import sys
import time

from looking import WINDOWS, Program, ask, check, refused, until, window

program = sys.argv[3]


def closes():
    with Program(program, "close-all") as p:
        check(ask(p.pid)["threads"] == 4, "the window is open")
        targets = [os.readlink(f"/proc/{p.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{p.pid}/fd")]
        check(not [t for t in targets if t.startswith("socket:")], f"no socket among {targets}")


def forks():
    with Program(program, "fork") as p:
        child = int(re.fullmatch(r"child (\d+)", p.said).group(1))
        try:
            check(ask(p.pid)["pid"] == p.pid, "the parent answers for itself")
            check(ask(child)["pid"] == child, "so does the child")
            check(ask(child)["threads"] == 2, "which has a thread besides the one that forked")
            p.process.kill()
            p.process.wait()
            refused("captop", p.pid, "--once", says="no such process")
            check(ask(child)["pid"] == child, "the child's window is the child's")
        finally:
            os.kill(child, 9)


def computes():
    with Program(program, "compute") as p:
        began = time.monotonic()
        answer = ask(p.pid)
        took = time.monotonic() - began
        check("no switch" in answer["error"] and answer["format"] == "capriccio-graph", answer)
        check(0.9 < took < 60, f"after about a second: {took}")
        refused("captop", p.pid, "--once", says="no graph: ")


def slow():
    with Program(program, "many") as p:
        before = ask(p.pid)
        check(len(before["nodes"]) > 1000, "a large graph")
        sleeper = socket.socket(socket.AF_UNIX)
        sleeper.connect(window(p.pid))
        for _ in range(5):
            gone = socket.socket(socket.AF_UNIX)
            gone.connect(window(p.pid))
            gone.close()
        began = time.monotonic()
        after = ask(p.pid)
        took = time.monotonic() - began
        check(1 < took < 60, f"the sleeper had two seconds: {took}")
        count = [sum(n["count"] for n in g["nodes"] if n.get("call") == "usleep") for g in (before, after)]
        check(count[1] > count[0], f"the program went on: {count}")
        check(len(sleeper.recv(1 << 24)) > 0, "the sleeper had a part")


def ends():
    os.makedirs(WINDOWS, 0o700)
    with Program(program, "end") as p:
        until(lambda: p.process.poll() is not None, "it ends")
        check(os.listdir(WINDOWS) == [], "nothing is left")
    # The socket of a dead program with the next one's number: made by the child that becomes it.
    os.makedirs(WINDOWS, 0o700)

    def stale():
        s = socket.socket(socket.AF_UNIX)
        s.bind(window(os.getpid()))

    environment = {**os.environ, "CAPRICCIO_TOP": WINDOWS}
    with subprocess.Popen([program, "wait"], preexec_fn=stale, env=environment, stdout=subprocess.PIPE, text=True) as p:
        p.stdout.readline()
        try:
            check(ask(p.pid)["pid"] == p.pid, "the new one answers")
        finally:
            p.kill()
            p.wait()
            os.unlink(window(p.pid))
            os.rmdir(WINDOWS)


def directories():
    def says(directory, what):
        done = subprocess.run([program, "end"], env={**os.environ, "CAPRICCIO_TOP": directory}, capture_output=True, text=True, timeout=20)
        check(done.returncode == 0 and done.stdout.startswith("end "), "the program runs on")
        check(done.stderr.count("\n") == 1 and f"CAPRICCIO_TOP: no window is opened: {directory}" in done.stderr and what in done.stderr,
              f"{directory}: {done.stderr!r} says {what!r}")

    os.makedirs(WINDOWS, 0o700)
    try:
        path = os.path.join(WINDOWS, "open")
        os.mkdir(path)
        os.chmod(path, 0o777)
        says(path, "others may write to it; chmod 700")
        link = os.path.join(WINDOWS, "link")
        os.symlink(WINDOWS, link)
        says(link, "a symbolic link is refused")
        says(os.path.join(WINDOWS, "none", "deeper"), "No such file or directory")
        long = os.path.join(WINDOWS, "x" * 100)
        done = subprocess.run([program, "end"], env={**os.environ, "CAPRICCIO_TOP": long}, capture_output=True, text=True, timeout=20)
        check("too long for a socket" in done.stderr and done.returncode == 0, done.stderr)
        if os.geteuid() == 0:
            os.chown(path, 1, 1)
            os.chmod(path, 0o700)
            says(path, "belongs to another user")
        os.unlink(link)
        os.rmdir(path)
    finally:
        if os.path.isdir(WINDOWS) and not os.listdir(WINDOWS):
            os.rmdir(WINDOWS)


globals()[sys.argv[4]]()
