# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a server on the last core, puts wrk's load on it from the others, and takes the server's processor time for each request: with a core for
the client it is wrk that is short, not a quick server, so requests a second would compare nothing. Time is that of all of the server's
processes from before the first connection to the end of the load, as their processor clocks have it. A request that fails, fails the run."""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time

from suite.harness import client_cores, server_core
from suite.programs import Failed, root, tool, tool_command

SIZES = {"1k": 1024, "16k": 16384}
MIB = 1 << 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def files():
    """A directory with a file of each size, for this run."""
    with tempfile.TemporaryDirectory(prefix="capcc-bench-") as directory:
        os.chmod(directory, 0o755)
        for name, size in SIZES.items():
            with open(os.path.join(directory, name + ".html"), "w") as f:
                f.write("x" * size)
        yield directory


def family(pid):
    """The process and its descendants."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                for child in f.read().split():
                    found += family(int(child))
    return found


def processor_seconds(pids):
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += time.clock_gettime((~pid << 3) | 2)  # the processor clock of another process: clock_getcpuclockid(3)
    return total


def resident(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open("/proc/%d/smaps_rollup" % pid) as f:
            total += int(re.search(r"^Pss: +(\d+)", f.read(), re.M).group(1)) * 1024
    return total


def all_descriptors():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def running(argv, port, cores=(server_core,)):
    """The server's pid, once it answers at `port`."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(["taskset", "-c", ",".join(map(str, cores)), *argv], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                   preexec_fn=all_descriptors)
        try:
            for _ in range(600):
                if process.poll() is not None:
                    errors.seek(0)
                    said = errors.read().decode(errors="replace").strip().splitlines()
                    raise Failed("the server ended at its start: " + (said[-1] if said else "no message"))
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                time.sleep(0.05)
            else:
                raise Failed("the server does not answer")
            yield process.pid
        finally:
            for pid in reversed(family(process.pid)):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def answers(port, path, size):
    """One request first: a server that answers something else is not measured."""
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
        s.settimeout(10)
        data = b""
        while b"\r\n\r\n" not in data or len(data.split(b"\r\n\r\n", 1)[1]) < size:
            more = s.recv(65536)
            if not more:
                break
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0] or len(body) != size:
        raise Failed("%s: answered with %r and %d bytes" % (path, head[:40], len(body)))


def load(pid, port, kind, connections, seconds, closes=False):
    """us of the server for a request, requests a second, MiB resident under the load. `closes`: a server that ends connections it has no room for."""
    wrk = tool("wrk", "wrk")
    path = kind + ".html"
    answers(port, path, SIZES[kind])
    pids = family(pid)
    before = processor_seconds(pids)
    memory = []
    watch = threading.Timer(seconds * 0.7, lambda: memory.append(resident(pids)))
    watch.start()
    done = subprocess.run(["taskset", "-c", ",".join(map(str, client_cores)), wrk, "-t1", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "10s",
                           "http://127.0.0.1:%d/%s" % (port, path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=seconds + 60, preexec_fn=all_descriptors)
    watch.join()
    used = processor_seconds(pids) - before
    said = done.stdout.decode(errors="replace")
    requests = re.search(r"(\d+) requests in", said)
    errors = re.search(r"connect (\d+), read (\d+), write (\d+)", said)
    if not requests or not int(requests.group(1)):
        raise Failed("wrk: no request was answered: " + (said.strip().splitlines() or ["it said nothing"])[-1])
    if "Non-2xx" in said or (errors and not closes and any(map(int, errors.groups()))):
        raise Failed("wrk: " + next(line for line in said.splitlines() if "Non-2xx" in line or "Socket errors" in line).strip())
    count = int(requests.group(1))
    return {"cpu": used / count * 1e6, "rate": count / seconds, "resident": memory[0] / MIB if memory else 0.0}


def memcached_load(pid, port, connections, each):
    """us of the server for a request, requests a second, of memcslap's, which gets `each` values over every connection, one at a time."""
    clients = tool_command("memcslap", "libmemcached-tools")
    pids = family(pid)
    before, began = processor_seconds(pids), time.monotonic()
    done = subprocess.run(["taskset", "-c", ",".join(map(str, client_cores)), *clients, "--servers=127.0.0.1:%d" % port, "--test=get", "--concurrency=%d" % connections,
                           "--initial-load=1000", "--execute-number=%d" % each], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    took, used = time.monotonic() - began, processor_seconds(pids) - before
    if done.returncode or b"rror" in done.stdout or b"ailed" in done.stdout:
        raise Failed("memcslap: " + (done.stdout.decode(errors="replace").strip().splitlines() or ["status %d" % done.returncode])[-1])
    count = connections * each
    return {"cpu": used / count * 1e6, "rate": count / took}


@contextlib.contextmanager
def httpd(directory, name, threads, lines):
    """Port and pid of an httpd of bench/httpd, in one process."""
    port = free_port()
    process = subprocess.Popen([os.path.join(root, "bench/httpd/serve"), directory, name, str(threads), *lines], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=dict(os.environ, CORE=str(server_core), HTTPD_PORT=str(port)))
    try:
        pid = process.stdout.readline().strip()
        if not pid:
            raise Failed("httpd: " + (process.stderr.read().strip().splitlines() or ["did not start"])[-1])
        yield port, int(pid)
    finally:
        process.stdin.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            for pid in reversed(family(process.pid)):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()


def knot(program, directory, port):
    """Knot's command, for load that keeps its connections."""
    return [program, "--root", directory, "--port", str(port), "--idle-timeout", "600"]


def served(argv_for, kind, connections, seconds, cores=(server_core,)):
    """A way for a row: starts the server, whose command is `argv_for(port)`, and loads it."""

    def way():
        port = free_port()
        with running(argv_for(port), port, cores) as pid:
            return load(pid, port, kind, connections, seconds)

    return way
