# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# SIGTERM and SIGINT: no new connections, idle ones end at once, responses in flight are finished within the time given, and the exit
# status is 0 (Server.stop checks it). And mistakes on the command line: one line, status 2 or 1, nothing served.

import re

from harness import *


def test_idle_connections_do_not_delay_the_stop():
    with Tree() as tree, Server(root=tree.root) as server:
        clients = [Client(server) for _ in range(100)]
        for client in clients[:50]:
            equal(client.get("/a.txt").status, 200, "status")
        took = server.stop()
        check(took < 3, f"took {took:.2f} s")
        for client in clients:
            check(client.ended(), "not closed")
            client.close()


def test_sigint_stops_too():
    with Tree() as tree, Server(root=tree.root) as server:
        server.process.send_signal(signal.SIGINT)
        equal(server.process.wait(PATIENCE), 0, "status")
        server.stats["stopped"] = 1


def test_a_response_in_flight_is_finished():
    # The machine may have other things to do: more than it takes, by far.
    with Tree() as tree, Server("--stop-timeout", "300", root=tree.root) as server:
        size = 16 << 20
        tree.write("large", b"L" * size)
        with Client(server, receive_buffer=65536) as client:
            client.request("/large")
            client.read_more()
            server.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            check(server.process.poll() is None, "the server did not wait")
            check(len(client.response().body) == size, "body")
            check(client.ended(), "still open")
        equal(server.process.wait(PATIENCE), 0, "status")
        server.stats["stopped"] = 1


def test_the_time_for_the_stop_is_bounded():
    with Tree() as tree, Server("--stop-timeout", "1", root=tree.root) as server:
        tree.write("large", b"L" * (32 << 20))
        with Client(server, receive_buffer=4096) as client:
            client.request("/large")
            client.read_more()
            took = server.stop()
            check(0.9 < took < 5, f"took {took:.2f} s")


def test_no_connection_is_taken_after_the_stop_began():
    with Tree() as tree, Server("--stop-timeout", "30", root=tree.root) as server:
        tree.write("large", b"L" * (32 << 20))
        with Client(server, receive_buffer=4096) as client:
            client.request("/large")
            client.read_more()
            server.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            try:
                with Client(server) as late:
                    late.request("/a.txt")
                    check(late.ended(), "served")
            except OSError:
                pass  # refused
        equal(server.process.wait(PATIENCE), 0, "status")
        server.stats["stopped"] = 1


def test_stop_while_connections_wait_for_a_place():
    with Tree() as tree, Server("--max-threads", "2", root=tree.root) as server:
        clients = [Client(server) for _ in range(6)]
        for client in clients[:2]:
            equal(client.get("/a.txt").status, 200, "status")
        check(server.stop() < 3, "slow")
        for client in clients:
            client.close()


def test_stop_while_descriptors_are_out():
    with Tree() as tree, Server(root=tree.root, descriptors=32) as server:
        clients = [Client(server) for _ in range(50)]
        eventually(lambda: server.warnings(), "a warning that descriptors are out")
        check(server.stop() < 3, "slow")
        for client in clients:
            client.close()


def test_mistakes_on_the_command_line():
    with Tree() as tree, Server(root=tree.root) as server:
        for args, status, words in ((["--port", "x"], 2, "--port"), (["--port", "65536"], 2, "65535"), (["--port", "-1"], 2, "--port"), (["--port", ""], 2, "--port"),
                                    (["--favor", "me"], 2, "connections"), (["--nonsense"], 2, "--nonsense"), (["--root"], 2, "--root"), (["extra"], 2, "--root"),
                                    (["--max-request", "16385"], 2, "16384"), (["--root", tree.top + "/none"], 1, "none"), (["--root", tree.root + "/a.txt"], 1, "a.txt"),
                                    (["--bind", "localhost"], 1, "numeric"), (["--port", str(server.port)], 1, "in use")):
            done = subprocess.run([KNOT, *args], capture_output=True, timeout=PATIENCE, text=True)
            equal((done.returncode, done.stdout), (status, ""), " ".join(args))
            check(re.fullmatch(r"knot: error: [^\n]*\n", done.stderr) and words in done.stderr, f"{args}: {done.stderr!r}")


def test_help_names_every_option():
    done = subprocess.run([KNOT, "--help"], capture_output=True, timeout=PATIENCE, text=True)
    equal(done.returncode, 0, "status")
    for option in ("port", "root", "bind", "backlog", "max-threads", "favor", "idle-timeout", "request-timeout", "cache-bytes"):
        check(f"--{option} " in done.stdout, option)


run(globals())
