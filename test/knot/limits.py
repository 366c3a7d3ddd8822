# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What one client may take: bytes of a request, time for each stage, connections at once. A server that one slow or greedy client
# can hold is the fault that a thread per connection is known for.

from harness import *


def head_of(size):
    """A good request whose head has exactly `size` bytes."""
    start = b"GET /a.txt HTTP/1.1\r\nHost: t\r\nX: "
    return start + b"y" * (size - len(start) - 4) + b"\r\n\r\n"


def test_a_head_up_to_the_limit_is_served_beyond_it_is_431():
    with Tree() as tree:
        for limit in (512, 8192, 16384):
            with Server("--max-request", str(limit), root=tree.root) as server:
                for size in (100, 255, 256, 257, 258, limit - 1, limit):
                    equal(exchange(server, head_of(size))[0].status, 200, f"{size} of {limit}")
                for data in (head_of(limit + 1), head_of(limit * 3), head_of(limit + 4)[:-4]):
                    response, closed = exchange(server, data)
                    equal((response.status, closed), (431, True), f"{len(data)} of {limit}")


def test_an_endless_request_line_is_414():
    with Tree() as tree, Server(root=tree.root) as server:
        response, closed = exchange(server, b"GET /" + b"a" * 9000)
        equal((response.status, closed), (414, True), "9,000 bytes")


def test_a_large_body_is_413_and_the_client_gets_to_read_it():
    with Tree() as tree, Server(root=tree.root) as server:
        for length in ("65537", "9" * 40):
            with Client(server) as client:
                client.send(f"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n\r\n")
                for _ in range(32):  # still sending when the answer is made: a reset would destroy it
                    client.send(b"x" * 4096)
                equal(client.response().status, 413, length)
                client.socket.shutdown(socket.SHUT_WR)
                check(client.ended(), "still open")


def closes_between(client, least, most):
    start = time.monotonic()
    check(client.ended(), f"something came: {client.data!r:.100}")
    took = time.monotonic() - start
    check(least <= took <= most, f"closed after {took:.2f} s, not {least} to {most}")


def test_idle_connections_are_closed():
    with Tree() as tree, Server("--idle-timeout", "1", root=tree.root) as server:
        with Client(server) as fresh:
            closes_between(fresh, 0.5, 5)
        with Client(server) as used:
            equal(used.get("/a.txt").status, 200, "status")
            closes_between(used, 0.5, 5)


def test_a_busy_connection_outlives_the_idle_time():
    with Tree() as tree, Server("--idle-timeout", "2", root=tree.root) as server, Client(server) as client:
        for _ in range(9):
            time.sleep(0.6)
            equal(client.get("/a.txt").status, 200, "status")


def test_a_request_that_trickles_is_408():
    with Tree() as tree, Server("--request-timeout", "1", root=tree.root) as server:
        with Client(server) as client:
            start = time.monotonic()
            client.send("GET /a.txt HTTP/1.1\r\nHost: t\r\n")
            while not select.select([client.socket], [], [], 0)[0]:
                check(time.monotonic() - start < 6, "a slow request was let go on for 6 s")
                client.send("X: y\r\n")
                time.sleep(0.1)
            equal(client.response().status, 408, "status")
            check(client.ended(), "still open")


def test_a_trickle_behind_a_request_is_408():
    with Tree() as tree, Server("--request-timeout", "1", root=tree.root) as server, Client(server) as client:
        client.send("GET /a.txt HTTP/1.1\r\nHost: t\r\n\r\nGET /a")
        equal([client.response().status, client.response().status], [200, 408], "statuses")
        check(client.ended(), "still open")


def test_a_body_that_stops_is_408():
    with Tree() as tree, Server("--request-timeout", "1", root=tree.root) as server, Client(server) as client:
        client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\n12345")
        equal([client.response().status, client.response().status], [405, 408], "statuses")
        check(client.ended(), "still open")


def test_slow_clients_do_not_hinder_others():
    with Tree() as tree, Server("--request-timeout", "5", root=tree.root) as server:
        slow = [Client(server) for _ in range(300)]
        for i, client in enumerate(slow):
            client.send("GET /a.txt HTTP/1.1\r\nHost: t\r\nX: "[:i % 30])
        start = time.monotonic()
        with Client(server) as client:
            for _ in range(50):
                equal(client.get("/a.txt").status, 200, "status")
        took = time.monotonic() - start
        check(took < 2, f"50 requests took {took:.2f} s beside 300 slow clients")
        for client in slow:
            client.close()


def test_a_client_that_does_not_read_is_cut():
    with Tree() as tree, Server("--write-timeout", "1", root=tree.root) as server:
        size = 32 << 20
        tree.write("large", b"L" * size)
        with Client(server, receive_buffer=4096) as client:
            client.request("/large")
            time.sleep(5)
            with_more = 0
            while client.read_more():
                with_more += len(client.data)
                client.data = b""
            check(with_more < size, "a client that read nothing for 5 s got everything")


def test_a_client_that_reads_slowly_is_served():
    with Tree() as tree, Server("--write-timeout", "1", root=tree.root) as server:
        size = 8 << 20
        tree.write("large", b"L" * size)
        with Client(server, receive_buffer=65536) as client:
            client.request("/large")
            end = time.monotonic() + 6
            while time.monotonic() < end:
                time.sleep(0.2)
                check(client.read_more(), "closed while the client was reading")
            check(len(client.response().body) == size, "body")


def test_connections_beyond_the_limit_wait():
    with Tree() as tree:
        for favor in ("accept", "connections"):
            with Server("--max-threads", "4", "--favor", favor, root=tree.root) as server:
                clients = [Client(server) for _ in range(7)]
                for client in clients:
                    client.request("/a.txt")
                for client in clients[:4]:
                    equal(client.response().status, 200, "within the limit")
                check(clients[4].silent_for(0.5), "a fifth connection was served at once")
                clients[1].close()
                equal(clients[4].response().status, 200, "after a place came free")
                check(clients[5].silent_for(0.3), "a sixth connection was served at once")
                for client in clients[:4]:
                    client.close()
                equal([clients[5].response().status, clients[6].response().status], [200, 200], "the rest")
                for client in clients:
                    client.close()


def test_several_acceptors():
    with Tree() as tree, Server("--acceptors", "4", "--max-threads", "6", root=tree.root) as server:
        for _ in range(5):
            clients = [Client(server) for _ in range(20)]
            for client in clients:
                client.request("/a.txt", headers=["Connection: close"])
            equal([client.response().status for client in clients], [200] * 20, "statuses")
            for client in clients:
                client.close()


run(globals())
