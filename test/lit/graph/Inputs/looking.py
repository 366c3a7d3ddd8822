# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What the tests of capgraph and captop share: programs that end with the test, a window of the test's own directory, the tools, and a
# check that says what it saw.

import json
import os
import socket
import subprocess
import sys
import time

BUILD, OUT = sys.argv[1], sys.argv[2]
os.makedirs(OUT, exist_ok=True)
# Sockets have short names: not beneath the build tree, which may be deep.
WINDOWS = f"/tmp/capriccio-test-{os.getpid()}"
PATIENCE = 20.0


def check(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


class Program:
    """Runs until the with block ends. `said` is its first line."""

    def __init__(self, *command, **settings):
        environment = {**os.environ, "CAPRICCIO_TOP": WINDOWS, **settings}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True)
        self.pid = self.process.pid
        self.said = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for name in os.listdir(WINDOWS) if os.path.isdir(WINDOWS) else []:
            os.unlink(os.path.join(WINDOWS, name))
        if os.path.isdir(WINDOWS):
            os.rmdir(WINDOWS)


def tool(name, *arguments, **more):
    """Status, standard output and standard error of capgraph or captop."""
    done = subprocess.run([os.path.join(BUILD, "bin", name), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, **more)
    return done.returncode, done.stdout, done.stderr


def refused(name, *arguments, says):
    """The tool ends with status 1 and one line, which holds `says`."""
    status, out, err = tool(name, *arguments)
    check(status == 1 and out == "" and err.count("\n") == 1, f"{name} {arguments}: status {status}, {out!r:.200}, {err!r}")
    check(err.startswith(f"{name}: error: ") and says in err, f"{name} {arguments}: {err!r} says {says!r}")


def window(pid):
    return os.path.join(WINDOWS, f"{pid}.sock")


def ask(pid):
    """What the window of the process gives, parsed."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(window(pid))
    text = b""
    while piece := s.recv(65536):
        text += piece
    return json.loads(text)


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < end, what)
        time.sleep(0.02)
