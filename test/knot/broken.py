# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Connections that are cut at any point, and descriptors that run out and come back. The server must neither end nor leak.

import random
import struct

from harness import *


def descriptors_of(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def served_as_others_leave(waiting):
    """Reads the answer of each client as it comes, and closes it, until all have had theirs."""
    end = time.monotonic() + 2 * PATIENCE
    while waiting:
        check(time.monotonic() < end, f"{len(waiting)} clients are still waiting")
        ready = [c for c in waiting if not c.silent_for(0.01)]
        for client in ready:
            equal(client.response().status, 200, "status")
            client.close()
        waiting = [c for c in waiting if c not in ready]


def test_connections_cut_anywhere_leave_nothing_behind():
    seed = int(os.environ.get("KNOT_SEED", "11"))
    chance = random.Random(seed)
    request = b"GET /large HTTP/1.1\r\nHost: t\r\n\r\n"
    with Tree() as tree, Server(root=tree.root) as server:
        tree.write("large", b"L" * (4 << 20))
        equal(get(server, "/a.txt").status, 200, "status")
        before = descriptors_of(server)
        for _ in range(600):
            with Client(server) as client:
                client.send((request * 3)[:chance.randint(0, len(request) * 3)])
                if chance.random() < 0.5:
                    client.socket.settimeout(0.02)
                    try:
                        client.socket.recv(chance.randint(1, 100000))
                    except socket.timeout:
                        pass
                if chance.random() < 0.7:  # RST instead of FIN
                    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        equal(get(server, "/a.txt").status, 200, "afterwards")
        eventually(lambda: descriptors_of(server) <= before, f"descriptors back to {before}")
    return f"seed {seed}"


def test_descriptors_run_out_and_come_back():
    with Tree() as tree, Server(root=tree.root, descriptors=48) as server:
        tree.write("cold", b"cold")
        equal(get(server, "/a.txt").status, 200, "warm the cache")
        clients = [Client(server) for _ in range(80)]
        served = []
        for client in clients:
            client.request("/a.txt")
        # Those within the limit are answered, the others are quiet, and nobody is refused or cut.
        eventually(lambda: len(server.warnings()) > 0, "a warning that descriptors are out")
        served = [c for c in clients if not c.silent_for(0.02)]
        waiting = [c for c in clients if c not in served]
        check(20 <= len(served) < 48 and len(waiting) >= 32, f"{len(served)} served")
        equal([c.response().status for c in served], [200] * len(served), "within the limit")
        equal(served[0].get("/a.txt").status, 200, "a second request, from the cache")
        equal(served[0].get("/cold").status, 503, "a file that cannot be opened now")
        for client in served[1:]:
            client.close()
        # As many as left can come in, again up to the limit; the rest follow when those go.
        served_as_others_leave(waiting)
        equal(served[0].get("/cold").status, 200, "the file that could not be opened")
        served[0].close()
        check(len(server.warnings()) < 10, f"{len(server.warnings())} warnings")


def test_threads_run_out_and_come_back():
    with Tree() as tree:
        try:
            # Natively some twenty stacks of 8 MiB; small stacks may all fit, then nothing runs out.
            server = Server(root=tree.root, memory=200 << 20)
        except AssertionError as error:
            raise Skip(f"does not start with 200 MiB of addresses: {error}")
        with server:
            clients = [Client(server) for _ in range(60)]
            for client in clients:
                client.request("/a.txt")
            served_as_others_leave(clients)
            return f"{len(server.warnings())} warnings"


def test_a_file_cut_short_while_it_is_sent_ends_the_connection():
    with Tree() as tree, Server(root=tree.root) as server:
        path = tree.write("large", b"L" * (32 << 20))
        with Client(server, receive_buffer=4096) as client:
            client.request("/large")
            client.read_more()
            os.truncate(path, 1000)
            while client.read_more():
                pass
            check(len(client.data) < 32 << 20, "more bytes than the file has left")
        equal(len(get(server, "/large").body), 1000, "the next request")


run(globals())
