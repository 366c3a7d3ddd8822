# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Knot beside an event-driven server, nginx with one worker, beside the least that a server can do (bench/peers/epoll_server.c), beside Go's net/http and
itself with native threads; all answer from memory, or from open files (nginx). The paper's Figure 9, by what a request costs."""

import os

from suite import programs, servers
from suite.harness import Bar, Figure, Row, attempt

QUESTION = "What does a request for a small file cost the server, by number of connections that are kept?"
PAPER = "Figure 9"

NGINX = """daemon off;
master_process off;
pid nginx.pid;
error_log stderr error;
events { worker_connections 20000; multi_accept on; }
http {
    access_log off;
    types { text/html html; }
    sendfile on;
    tcp_nopush on;
    open_file_cache max=1000;
    open_file_cache_valid 60s;
    keepalive_timeout 600;
    keepalive_requests 1000000000;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
    server { listen 127.0.0.1:%d backlog=4096; root .; }
}
"""


def nginx(directory):
    program = programs.tool_command("nginx", "nginx-light")

    def argv(port):
        with open(os.path.join(directory, "nginx.conf"), "w") as f:
            f.write(NGINX % port)
        return [*program, "-p", directory, "-c", os.path.join(directory, "nginx.conf"), "-e", "stderr"]

    return argv


def rows(quick):
    with servers.files() as directory:
        yield from in_directory(quick, directory)


def in_directory(quick, directory):
    ours, threads = attempt(programs.knot, programs.capcc()), attempt(programs.knot, programs.clang)
    loop, go, event_driven = attempt(programs.native, "bench/peers/epoll_server.c"), attempt(programs.go, "bench/peers/http.go"), attempt(nginx, directory)

    def knot(program):
        return program if isinstance(program, Exception) else lambda port: servers.knot(program, directory, port)

    for kind in ("1k",) if quick else ("1k", "16k"):
        commands = {
            "capcc": knot(ours),
            "nginx": event_driven,
            "go": go if isinstance(go, Exception) else lambda port: [go, str(port), directory],
            "epoll": loop if isinstance(loop, Exception) else lambda port, kind=kind: [loop, str(port), str(servers.SIZES[kind])],
        }
        if kind == "1k":
            commands["native"] = knot(threads)
        for connections in (64, 1000, 9000) if quick else (64, 1000, 5000, 9000):
            seconds = (2 if quick else 3) if connections <= 1000 else (3 if quick else 5)  # to make many connections takes a second
            figures = [Figure("", "us", "cpu", [Bar(1, "nginx"), Bar(1.3, "epoll")])]
            if connections == 9000:
                figures.append(Figure("resident", "MiB", "resident"))
            ways = {peer: argv if isinstance(argv, Exception) else servers.served(argv, kind, connections, seconds) for peer, argv in commands.items()}
            yield Row("{} KiB, connections: {:,}".format(servers.SIZES[kind] >> 10, connections), ways, figures, x=connections, rounds=2 if quick else 3)
