# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Many requests on one connection: persistence in both versions, pipelining, bodies, and requests that arrive in any pieces.

import random

from harness import *


def test_a_connection_serves_many_requests():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        for i in range(500):
            response = client.get("/a.txt")
            check(response.status == 200 and "connection" not in response.headers, f"request {i}")
        server.stop()
        equal(server.stats["requests"], 500, "requests counted")


def test_who_closes():
    with Tree() as tree, Server(root=tree.root) as server:
        for version, header, answer, closes in (("1.1", None, None, False), ("1.1", "close", "close", True), ("1.1", "foo, CLOSE ,bar", "close", True),
                                                ("1.1", "closed", None, False), ("1.0", None, "close", True), ("1.0", "Keep-Alive", "keep-alive", False),
                                                ("1.0", "keep-alive, close", "close", True)):
            with Client(server) as client:
                response = client.get("/a.txt", version=version, headers=[f"Connection: {header}"] if header else [])
                equal(response.headers.get("connection"), answer, f"{version} {header}")
                if closes:
                    check(client.ended(), f"{version} {header}: still open")
                else:
                    equal(client.get("/a.txt").status, 200, f"{version} {header}: second request")


def test_a_client_that_ends_its_side_still_gets_its_answer():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        client.request("/a.txt")
        client.request("/")
        client.socket.shutdown(socket.SHUT_WR)
        equal([client.response().status, client.response().status], [200, 200], "answers")
        check(client.ended(), "still open")


def test_pipelined_requests_are_answered_in_order():
    kinds = [("GET", "/a.txt", 200), ("HEAD", "/a.txt", 200), ("GET", "/missing", 404), ("GET", "/dir/", 200), ("POST", "/", 405), ("GET", "/large", 200),
             ("GET", "/../x", 403), ("HEAD", "/missing", 404), ("BREW", "/", 501)]
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        tree.write("large", b"L" * (2 << 20))
        chosen = [random.Random(2).choice(kinds) for _ in range(300)]
        for method, path, _ in chosen:
            client.request(path, method=method)
        for i, (method, path, status) in enumerate(chosen):
            response = client.response(head_only=method == "HEAD")
            equal(response.status, status, f"request {i}, {method} {path}")
            if path == "/large":
                check(response.body == b"L" * (2 << 20), "body of /large")


def test_requests_split_at_every_byte():
    stream = (b"GET /a.txt HTTP/1.1\r\nHost: t\r\n\r\n" b"\r\nHEAD / HTTP/1.1\r\nHost: t\r\nX: " + b"y" * 300 + b"\r\n\r\n"
              b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nGET / 123" b"GET /missing HTTP/1.0\nHost: t\n\n")
    with Tree() as tree, Server(root=tree.root) as server:
        for cut in range(1, len(stream)):
            with Client(server) as client:
                client.send(stream[:cut])
                if cut % 16 == 0 or stream[cut] in b"\r\n" or stream[cut - 1] in b"\r\n":
                    time.sleep(0.005)  # the server reads the first half alone; elsewhere the halves may meet in the socket
                client.send(stream[cut:])
                got = [client.response(head_only=i == 1).status for i in range(4)]
                equal((got, client.ended()), ([200, 200, 405, 404], True), f"cut at {cut}")


def test_a_request_byte_by_byte():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        for _ in range(3):
            for byte in b"GET /a.txt HTTP/1.1\r\nHost: t\r\nX: " + b"y" * 600 + b"\r\n\r\n":
                client.send(bytes([byte]))
            equal(client.response().status, 200, "status")


def test_bodies_are_skipped():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        for size in (0, 1, 100, 255, 256, 257, 5000, 16384, 65536):
            client.send(b"POST /a.txt HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % size)
            client.send(b"GET " * (size // 4) + b"x" * (size % 4))
            equal(client.response().status, 405, f"POST of {size}")
            equal(client.get("/a.txt").status, 200, f"GET behind {size} bytes of body")


def test_requests_behind_the_last_do_not_destroy_its_answer():
    with Tree() as tree, Server(root=tree.root) as server:
        tree.write("large", b"L" * (4 << 20))
        with Client(server, receive_buffer=4096) as client:
            client.request("/large", headers=["Connection: close"])
            for _ in range(200):  # more than one read takes, and never answered: closing over them would reset the connection
                client.request("/a.txt")
            time.sleep(0.2)
            equal(len(client.response().body), 4 << 20, "body")
            client.socket.shutdown(socket.SHUT_WR)
            check(client.ended(), "still open")


def test_a_body_that_may_never_come_ends_the_connection():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        client.send("POST /a.txt HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
        equal(client.response().status, 405, "status")
        client.socket.shutdown(socket.SHUT_WR)
        check(client.ended(), "still open")


run(globals())
