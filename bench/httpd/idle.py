# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Opens COUNT keep-alive connections to 127.0.0.1:PORT, has one request answered on each, runs COMMAND while all of them wait for the
next, and closes them. Every answer has to be a 200."""
import re
import resource
import socket
import subprocess
import sys

port, count, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
waiting = []
for i in range(count):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(b"GET /1k.html HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536) or sys.exit("bench/httpd/idle.py: error: connection %d closed" % i)
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)
    waiting.append(connection)
sys.exit(subprocess.call(command))
