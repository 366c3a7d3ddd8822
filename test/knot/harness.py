# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What Knot's tests share: a server process that ends with the test and must end well, a client on a bare socket that sends what
# it is told byte for byte, and the runner that turns the functions named test_* of a file into TAP lines. The client parses
# responses itself: http.client would hide the very faults that are looked for.

import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

KNOT = os.environ.get("KNOT", "")
# Everything that waits for the server to do something waits this long at most. Sanitized builds and busy machines need the slack.
PATIENCE = float(os.environ.get("KNOT_PATIENCE", "15"))
SECRET = b"outside the root: nobody may read this"


class Skip(Exception):
    pass


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {got!r:.300}, want {want!r:.300}")


class Tree:
    """A temporary directory with a root to serve, and a secret beside it."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="knot-test-")
        self.root = os.path.join(self.top, "root")
        os.mkdir(self.root)
        with open(os.path.join(self.top, "secret.txt"), "wb") as f:
            f.write(SECRET)
        self.write("index.html", b"<h1>root</h1>\n")
        self.write("a.txt", b"0123456789" * 10)
        self.write("dir/index.html", b"<h1>dir</h1>\n")
        self.write("empty", b"")

    def write(self, name, content):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top)


class Server:
    """A running Knot. Leaving its `with` block stops it by SIGTERM and checks that it ended in time, with status 0, silent but for
    warnings it is known for: sanitizers and runtimes that complain fail the test."""

    def __init__(self, *args, root, descriptors=None, memory=None, stop_within=PATIENCE):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
            if memory:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

        self.stop_within = stop_within
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [KNOT, "--port", "0", "--root", root, "--stats", *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, preexec_fn=limit)
        self.stats = {}
        ready = select.select([self.process.stdout], [], [], PATIENCE)[0]
        line = self.process.stdout.readline().decode() if ready else ""
        if not line.startswith("knot: listening on http://"):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not start: {line!r} {self.complaints()!r}")
        self.port = int(line.rstrip("/\n").rsplit(":", 1)[1])

    def complaints(self):
        self.errors.seek(0)
        return [line for line in self.errors.read().decode(errors="replace").splitlines()
                if not line.startswith("knot: warning:") and not line.startswith("capriccio: ")]

    def warnings(self):
        self.errors.seek(0)
        return [line for line in self.errors.read().decode(errors="replace").splitlines() if line.startswith("knot: warning:")]

    def stop(self):
        """Returns the seconds that stopping took."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            output, _ = self.process.communicate(timeout=self.stop_within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise AssertionError(f"did not stop within {self.stop_within} s of SIGTERM")
        took = time.monotonic() - start
        for line in output.decode().splitlines():
            _, name, value = line.split()
            self.stats[name] = int(value)
        equal((self.process.returncode, self.complaints()), (0, []), "end of the server")
        return took

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.process.kill()
                self.process.communicate()
        elif kind is None and not self.stats:
            raise AssertionError(f"the server ended by itself: status {self.process.returncode} {self.complaints()!r}")
        self.errors.close()


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Client:
    """One connection."""

    def __init__(self, server, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def request(self, path, method="GET", headers=(), version="1.1"):
        lines = [f"{method} {path} HTTP/{version}", "Host: test", *headers]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def read_more(self):
        """False at the end of the stream, whether it came by FIN or by reset."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.data += data
        return bool(data)

    def response(self, head_only=False):
        while b"\r\n\r\n" not in self.data:
            check(self.read_more(), f"closed before a response was complete; got {self.data!r:.200}")
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        status_line, *lines = head.decode("latin-1").split("\r\n")
        check(status_line.startswith("HTTP/1.1 ") and status_line[9:12].isdigit() and status_line[12] == " ", status_line)
        headers = {}
        for line in lines:
            name, value = line.split(": ", 1)
            check(name.lower() not in headers, f"header twice: {name}")
            headers[name.lower()] = value
        status = int(status_line[9:12])
        check("date" in headers and headers["server"] == "knot", f"date and server header in {headers}")
        length = 0 if head_only or status == 304 else int(headers["content-length"])
        while len(self.data) < length:
            check(self.read_more(), f"closed in a body: {len(self.data)} of {length} bytes")
        body, self.data = self.data[:length], self.data[length:]
        return Response(status, headers, body)

    def get(self, path, method="GET", headers=(), version="1.1"):
        self.request(path, method, headers, version)
        return self.response(head_only=method == "HEAD")

    def ended(self):
        """Waits for the server to close; nothing but the end may come."""
        return not self.read_more() and self.data == b""

    def silent_for(self, seconds):
        return not self.data and not select.select([self.socket], [], [], seconds)[0]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def get(server, path, **how):
    with Client(server) as client:
        return client.get(path, **how)


def exchange(server, data):
    """Sends bytes on a connection of their own, and returns the first response and whether the server then closed."""
    with Client(server) as client:
        client.send(data)
        response = client.response()
        client.socket.settimeout(0.3)
        try:
            return response, client.ended()
        except socket.timeout:
            return response, False


def eventually(condition, what, within=PATIENCE):
    end = time.monotonic() + within
    while not condition():
        check(time.monotonic() < end, f"not within {within} s: {what}")
        time.sleep(0.05)


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS:"))


def run(names):
    """Runs the test_* functions of a module's globals(), prints a TAP line for each, ends with 1 if one failed."""
    if not KNOT:
        sys.exit("harness.py: error: KNOT: not set; run test/knot/run.sh KNOT_BINARY")
    failed = False
    file = os.path.basename(sys.argv[0]).removesuffix(".py")
    for name, function in list(names.items()):
        if not name.startswith("test_"):
            continue
        title = f"{file}: {name[5:].replace('_', ' ')}"
        try:
            note = function()
            print(f"ok - {title}" + (f" # {note}" if note else ""), flush=True)
        except Skip as reason:
            print(f"ok - {title} # SKIP {reason}", flush=True)
        except Exception:
            failed = True
            print(f"not ok - {title}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"#   {line}", flush=True)
    sys.exit(1 if failed else 0)
