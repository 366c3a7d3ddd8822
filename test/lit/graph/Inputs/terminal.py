# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A process whose window gives the graph of a file, with counts that grow: a fork of this one. Watched by captop on a terminal of ours,
# or once.

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

from looking import BUILD, PATIENCE, check, json, tool

with open(sys.argv[3]) as f:
    graph = json.load(f)


def serve(directory):
    os.mkdir(os.path.join(directory, "capriccio"), 0o700)
    s = socket.socket(socket.AF_UNIX)
    s.bind(os.path.join(directory, "capriccio", f"{os.getpid()}.sock"))
    s.listen()
    os.write(2, b"ready")
    while True:
        client, _ = s.accept()
        try:
            client.sendall(json.dumps(graph).encode())
        except OSError:
            pass
        client.close()
        graph["elapsed_ns"] += 500_000_000
        graph["switches"] += 50
        graph["nodes"][2]["count"] += 50


class Served:
    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="capriccio-")
        os.environ["XDG_RUNTIME_DIR"] = self.directory
        ready, there = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(there, 2)
            serve(self.directory)
        check(os.read(ready, 5) == b"ready", "the window is open")
        return self

    def end(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def __exit__(self, *_):
        self.end()
        subprocess.run(["rm", "-r", self.directory])


class Terminal:
    """captop on a terminal of this size."""

    def __init__(self, pid, rows, columns, term="xterm"):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.slave, self.seen = slave, b""
        self.process = subprocess.Popen([os.path.join(BUILD, "bin", "captop"), str(pid), "--interval", "100"], stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True, env={**os.environ, "TERM": term})

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            check(time.monotonic() < end, f"{text!r} is shown: {self.seen[-300:]!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536)

    def key(self, key):
        self.seen = b""
        os.write(self.master, key)

    def ends(self, status, says=b""):
        check(self.process.wait(PATIENCE) == status, f"status {self.process.returncode}, not {status}")
        while select.select([self.master], [], [], 0.1)[0]:
            self.seen += os.read(self.master, 65536)
        check(termios.tcgetattr(self.slave) == self.before, "the terminal is as it was")
        check(says in self.seen, f"{self.seen[-300:]!r} says {says!r}")
        os.close(self.master)
        os.close(self.slave)


LEAVES = b"\x1b[?1049l"


def watch():
    with Served() as served:
        t = Terminal(served.pid, 12, 100)
        t.until(b"held: memory is scarce")
        t.until(b"sorts (by threads)")
        t.key(b"s")
        t.until(b"count/s")
        for rows, columns in (4, 30), (1, 5), (2, 200), (40, 132):
            t.resize(rows, columns)
            t.process.send_signal(signal.SIGWINCH)
            time.sleep(0.2)
            check(t.process.poll() is None, f"runs on at {rows} x {columns}")
        t.seen = b""
        t.until(b"read < fetch")
        t.key(b"q")
        t.ends(0, LEAVES)

        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            t = Terminal(served.pid, 24, 80)
            t.until(b"quits")
            t.process.send_signal(number)
            t.ends(-number, LEAVES)

        Terminal(served.pid, 24, 80, term="none-such").ends(1, b"captop: error: TERM=none-such: is not known here; ")

        t = Terminal(served.pid, 24, 80)
        t.until(b"quits")
        pid = served.pid
        served.end()
        t.ends(0, b"captop: %d: server has ended\r\n" % pid)


def once():
    with Served() as served:
        status, out, err = tool("captop", served.pid, "--once", "--interval", 100)
        check(status == 0 and err == "", err)
        print(out, end="")


globals()[sys.argv[4]]()
